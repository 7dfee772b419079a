using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Tandem.Plugins.Cpu.Kernels.MachineCode;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>The tile kernels of one rung for one kind of weights, as addresses; a kernel is compiled when it is first called.</summary>
internal sealed unsafe class QuantizedKernelSet
{
    private static readonly QuantizedKernelSet?[] Sets = new QuantizedKernelSet?[8 * 4];

    private readonly nint[] _tiles = new nint[8 * 4];
    private readonly int _maxRowsOfTwo;

    private QuantizedKernelSet(int width, int maxRowsOfTwo, int byteOffset)
    {
        Width = width;
        ByteOffset = byteOffset;
        _maxRowsOfTwo = maxRowsOfTwo;
    }

    /// <summary>Lanes of a register: columns of a panel.</summary>
    public int Width { get; }

    /// <summary>What packed 8-bit weights have added to them.</summary>
    public int ByteOffset { get; }

    /// <summary>Whether tiles are those of <see cref="VnniTiles"/>.</summary>
    public bool IsMachineCode { get; private init; }

    /// <summary>Whether panels lie one behind the other; otherwise two lie together.</summary>
    public bool HasSinglePanels { get; private init; }

    /// <summary>The kernels of a rung that this CPU runs.</summary>
    public static QuantizedKernelSet For(InstructionSet instructionSet, QuantizedWeightKind kind)
    {
        var index = ((int)instructionSet * 4) + (int)kind;
        var set = Volatile.Read(ref Sets[index]);
        if (set is not null)
        {
            return set;
        }

        if (!CpuFeatures.IsSupported(instructionSet))
        {
            throw new ArgumentOutOfRangeException(nameof(instructionSet), instructionSet, "this CPU does not have it");
        }

        set = instructionSet switch
        {
            InstructionSet.Avx512Vnni => new QuantizedKernelSet(16, VnniTiles.MaxRows, 0)
            {
                IsMachineCode = true,
                HasSinglePanels = kind == QuantizedWeightKind.Int8Channel,
            },
            InstructionSet.Avx512 => Create<ByteSimdAvx512, Vector512<int>, SimdAvx512, Vector512<float>>(kind),
            InstructionSet.AvxVnni => Create<ByteSimdAvxVnni, Vector256<int>, SimdAvx2, Vector256<float>>(kind),
            InstructionSet.Avx2 => Create<ByteSimdAvx2, Vector256<int>, SimdAvx2, Vector256<float>>(kind),
            InstructionSet.ArmDot => Create<ByteSimdArmDot, Vector128<int>, SimdAdvSimd, Vector128<float>>(kind),
            InstructionSet.AdvSimd => Create<ByteSimdAdvSimd, Vector128<int>, SimdAdvSimd, Vector128<float>>(kind),
            InstructionSet.Vector128 => Create<ByteSimdVector128, Vector128<int>, SimdVector128, Vector128<float>>(kind),
            _ => Create<ByteSimdScalar, int, SimdScalar, float>(kind),
        };
        Volatile.Write(ref Sets[index], set);
        return set;
    }

    /// <summary>The kernel for a tile of rows by panels.</summary>
    public delegate*<QuantizedTileArguments*, void> Tile(int rows, int panels) => (delegate*<QuantizedTileArguments*, void>)_tiles[(rows * 4) + panels];

    /// <summary>Most rows of a tile of so many panels.</summary>
    public int MaxRows(int panels) => panels == 1 ? 4 : _maxRowsOfTwo;

    /// <summary>How rows are cut for streams of so many panels: all tiles have so many rows, the first ones one more; and the panels of a tile.</summary>
    public (int TileRows, int LargerTiles, int TileCount, int Panels) Tiles(int rowCount, int panels)
    {
        var taken = _maxRowsOfTwo > 2 || rowCount <= 2 ? panels : 1;
        var maxRows = MaxRows(taken);
        var tileCount = (rowCount + maxRows - 1) / maxRows;
        return (rowCount / tileCount, rowCount % tileCount, tileCount, taken);
    }

    /// <summary>Compiles every tile.</summary>
    public void CompileAll(CancellationToken cancellationToken)
    {
        for (var panels = 1; panels <= 2 && !IsMachineCode; panels++)
        {
            for (var rows = 1; rows <= MaxRows(panels); rows++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Compile(Tile(rows, panels));
            }
        }
    }

    // A product over nothing stores its bias.
    [SkipLocalsInit]
    private void Compile(delegate*<QuantizedTileArguments*, void> tile)
    {
        var values = stackalloc float[2 * 16];
        new Span<float>(values, 2 * 16).Clear();
        var sums = stackalloc float[6 * 2 * 16];
        var parameters = stackalloc RowQuantization[6];
        new Span<RowQuantization>(parameters, 6).Clear();
        var t = new QuantizedTileArguments
        {
            Parameters = parameters,
            ColumnSums = (byte*)values,
            Bias = values,
            ChannelScales = values,
            C = sums,
            Sums = sums,
            LastLanes = Width,
        };
        tile(&t);
    }

    private static QuantizedKernelSet Create<TByte, V, TSimd, F>(QuantizedWeightKind kind)
        where TByte : struct, IByteSimd<V, F>
        where V : unmanaged
        where TSimd : struct, ISimd<F>
        where F : unmanaged
    {
        // What sixteen registers hold: of 4-bit weights a sum for a block and one for the row, of 8-bit weights one sum, and two forms of a weight without
        // dot products.
        var maxRowsOfTwo = TSimd.RegisterCount >= 32 ? 6 : kind != QuantizedWeightKind.Int8Channel ? 2 : TByte.HasByteDot ? 6 : 4;
        var set = new QuantizedKernelSet(TByte.Width, maxRowsOfTwo, TByte.ByteOffset);
        for (var rows = 1; rows <= 6; rows++)
        {
            for (var panels = 1; panels <= 2; panels++)
            {
                set._tiles[(rows * 4) + panels] = (nint)QuantizedTiles<TByte, V, TSimd, F>.Kernel(kind, rows, panels);
            }
        }

        return set;
    }
}
