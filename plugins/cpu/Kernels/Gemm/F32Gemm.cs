namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Tiles of a float matrix product, one method for each tile size (<c>F32Gemm.MxNv.g.cs</c>: M rows, N registers of columns).</summary>
internal static unsafe partial class F32Gemm<TSimd, V>
    where TSimd : struct, ISimd<V>
    where V : unmanaged
{
    // Floats: 4 KiB ahead of each stream, which is more than a core's own prefetcher dares at the edge of a page.
    private const int PrefetchDistance = 1024;
}
