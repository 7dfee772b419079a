using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>
/// Tiles of signed byte products with 512-bit VPDPBUSD, twice as fast as the 256-bit form that .NET's <see cref="AvxVnni"/> has. .NET 10 has no
/// intrinsic for it, so the tiles are written as machine code when the first one is asked for.
/// </summary>
internal static unsafe class VnniTiles
{
    /// <summary>Most rows of a tile.</summary>
    public const int MaxRows = 6;

    /// <summary>Most panels of a tile.</summary>
    public const int MaxPanels = 4;

    /// <summary>Most rows times panels of a tile: the registers that hold sums.</summary>
    public const int MaxSums = 16;

    private const int MaxInt4Panels = 2;
    private const int Int4Kinds = 3;
    private const int MaxStride = 2;

    // With one row, weights come from memory: so far ahead that they are there in time.
    private const int PrefetchDistance = 8192;

    private static readonly nint[] Int4Tiles = new nint[MaxRows * MaxInt4Panels * Int4Kinds];
    private static readonly nint[] Tiles = new nint[(MaxRows * MaxPanels) + 1];
    private static readonly nint[] ByteTiles = new nint[Tiles.Length * 2];
    private static readonly nint[] Depthwise = new nint[MaxStride * 2];
    private static readonly ExecutableMemory? Memory = Create();

    /// <summary>Whether this CPU has the instruction and the system lets the plugin make code.</summary>
    public static bool IsSupported => Memory is not null;

    /// <summary>The tile of so many rows by panels; their product is at most <see cref="MaxSums"/>.</summary>
    public static delegate* unmanaged[SuppressGCTransition]<VnniTileArguments*, void> Tile(int rows, int panels) =>
        (delegate* unmanaged[SuppressGCTransition]<VnniTileArguments*, void>)Tiles[Index(rows, panels)];

    /// <summary>The tile of so many rows by panels of 4-bit weights (<see cref="Int4VnniTile"/>): 1 to 6 by 1 or 2.</summary>
    public static delegate* unmanaged[SuppressGCTransition]<QuantizedTileArguments*, void> Int4Tile(int rows, int panels, Int4TileKind kind) =>
        (delegate* unmanaged[SuppressGCTransition]<QuantizedTileArguments*, void>)Int4Tiles[Int4Index(rows, panels, kind)];

    /// <summary>Tiles of so many rows by panels whose results are bytes (<see cref="VnniByteTile"/>), for all columns or for some.</summary>
    public static delegate* unmanaged[SuppressGCTransition]<VnniByteTileArguments*, void> ByteTile(int rows, int panels, bool isMasked) =>
        (delegate* unmanaged[SuppressGCTransition]<VnniByteTileArguments*, void>)ByteTiles[(Index(rows, panels) * 2) + (isMasked ? 1 : 0)];

    /// <summary>A row of a depthwise convolution (<see cref="VnniDepthwise3x3"/>) of stride 1 or 2.</summary>
    public static delegate* unmanaged[SuppressGCTransition]<VnniDepthwiseArguments*, void> Depthwise3x3(int stride, bool isMasked) =>
        (delegate* unmanaged[SuppressGCTransition]<VnniDepthwiseArguments*, void>)Depthwise[((stride - 1) * 2) + (isMasked ? 1 : 0)];

    private static int Index(int rows, int panels) => ((rows - 1) * MaxPanels) + panels;

    private static int Int4Index(int rows, int panels, Int4TileKind kind) => ((((rows - 1) * MaxInt4Panels) + panels - 1) * Int4Kinds) + (int)kind;

    private static ExecutableMemory? Create()
    {
        if (!HasInstruction())
        {
            return null;
        }

        var code = new X64Assembler();
        var places = new List<(nint[] Table, int Index, int Start)>();
        for (var rows = 1; rows <= MaxRows; rows++)
        {
            for (var panels = 1; panels <= MaxPanels && rows * panels <= MaxSums; panels++)
            {
                places.Add((Tiles, Index(rows, panels), code.Position));
                VnniTile.Write(code, rows, panels);
                foreach (var isMasked in (ReadOnlySpan<bool>)(panels == MaxPanels ? [false, true] : [true]))
                {
                    places.Add((ByteTiles, (Index(rows, panels) * 2) + (isMasked ? 1 : 0), code.Position));
                    VnniByteTile.Write(code, rows, panels, isMasked);
                }
            }
        }

        for (var rows = 1; rows <= MaxRows; rows++)
        {
            for (var panels = 1; panels <= MaxInt4Panels; panels++)
            {
                for (var kind = Int4TileKind.IntegerSums; kind <= Int4TileKind.Results; kind++)
                {
                    places.Add((Int4Tiles, Int4Index(rows, panels, kind), code.Position));
                    Int4VnniTile.Write(code, rows, panels, kind, PrefetchDistance);
                }
            }
        }

        for (var i = 0; i < Depthwise.Length; i++)
        {
            places.Add((Depthwise, i, code.Position));
            VnniDepthwise3x3.Write(code, (i / 2) + 1, i % 2 != 0);
        }

        var memory = ExecutableMemory.TryCreate(code.ToArray());
        if (memory is not null)
        {
            foreach (var (table, index, start) in places)
            {
                table[index] = (nint)memory.Address + start;
            }
        }

        return memory;
    }

    // Leaf 7, ECX bit 11: AVX512_VNNI. That the system saves the registers is part of Avx512F.IsSupported.
    private static bool HasInstruction() =>
        Avx512F.IsSupported && Avx512BW.IsSupported && Environment.Is64BitProcess && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;
}
