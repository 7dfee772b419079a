namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Tiles of a float matrix product, one method for each tile size (<c>F32Gemm.MxNv.g.cs</c>: M rows, N registers of columns).</summary>
internal static unsafe partial class F32Gemm<TSimd, V>
    where TSimd : struct, ISimd<V>
    where V : unmanaged
{
    // Floats from what one row reads to what it fetches: 4 KiB, or more where rows of B are long.
    private const nint PrefetchDistance = 1024;
    private const nint PrefetchSteps = 16;
}
