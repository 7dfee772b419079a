namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Tiles of a product of rows of 8-bit activations with packed weights, one method for each kind of weights and tile size
/// (<c>QuantizedTiles.KIND.MxNv.g.cs</c>: M rows, N registers of columns).
/// </summary>
internal static unsafe partial class QuantizedTiles<TByte, V, TSimd, F>
    where TByte : struct, IByteSimd<V, F>
    where V : unmanaged
    where TSimd : struct, ISimd<F>
    where F : unmanaged
{
    /// <summary>How far ahead of the weights a product of one row asks for them.</summary>
    private const int PrefetchDistance = 4096;

    private const int BlockBytes = RowQuantizer.BlockBytes;

    /// <summary>The kernel of a kind of weights, a number of rows and of registers of columns; null if there is none.</summary>
    public static delegate*<QuantizedTileArguments*, void> Kernel(QuantizedWeightKind kind, int rows, int panels) => kind switch
    {
        QuantizedWeightKind.Int4Block32 => Int4Block32(rows, panels),
        QuantizedWeightKind.Int4Group => Int4Group(rows, panels),
        QuantizedWeightKind.Int4Channel => Int4Channel(rows, panels),
        _ => TByte.HasByteDot ? Int8Dot(rows, panels) : Int8Wide(rows, panels),
    };
}
