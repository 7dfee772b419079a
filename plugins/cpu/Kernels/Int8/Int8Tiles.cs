using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tandem.Plugins.Cpu.Kernels.MachineCode;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Tiles of products of signed bytes on a rung, all with the arguments and the weight layout of <see cref="VnniTiles"/>. A tile sums (a + offset) * b;
/// what the offset adds is in the packed bias.
/// </summary>
internal sealed unsafe class Int8Tiles
{
    private readonly delegate*<VnniTileArguments*, int, int, void> _tile;
    private readonly bool _isMachineCode;

    private Int8Tiles(InstructionSet rung)
    {
        _isMachineCode = rung == InstructionSet.Avx512Vnni;
        Offset = rung is InstructionSet.Avx512Vnni or InstructionSet.AvxVnni ? 128 : 0;
        _tile = rung switch
        {
            InstructionSet.Avx512Vnni => null,
            InstructionSet.Avx512 => &Int8Tile<ByteSimdAvx512, Vector512<int>, Vector512<float>>.Run,
            InstructionSet.AvxVnni => &Int8Tile<ByteSimdAvxVnni, Vector256<int>, Vector256<float>>.Run,
            InstructionSet.Avx2 => &Int8Tile<ByteSimdAvx2, Vector256<int>, Vector256<float>>.Run,
            InstructionSet.ArmDot => &Int8Tile<ByteSimdArmDot, Vector128<int>, Vector128<float>>.Run,
            InstructionSet.AdvSimd => &Int8Tile<ByteSimdAdvSimd, Vector128<int>, Vector128<float>>.Run,
            InstructionSet.Vector128 => &Int8Tile<ByteSimdVector128, Vector128<int>, Vector128<float>>.Run,
            _ => &Int8Tile<ByteSimdScalar, int, float>.Run,
        };
    }

    /// <summary>Whether there are tiles whose results are bytes: <see cref="VnniTiles.ByteTile"/>.</summary>
    public bool HasByteResults => _isMachineCode;

    /// <summary>What a tile adds to every byte of a row.</summary>
    public int Offset { get; }

    /// <summary>The tiles of a rung.</summary>
    public static Int8Tiles For(InstructionSet rung) => new(rung);

    /// <summary>Most rows of a tile of so many panels.</summary>
    public int MaxRows(int panels) => !_isMachineCode ? 4 : Math.Min(VnniTiles.MaxRows, VnniTiles.MaxSums / panels);

    /// <summary>Computes a tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(VnniTileArguments* t, int rows, int panels)
    {
        if (_isMachineCode)
        {
            VnniTiles.Tile(rows, panels)(t);
        }
        else
        {
            _tile(t, rows, panels);
        }
    }
}
