namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Tiles of a matrix product computed in floats, one method for each tile size (<c>F32Gemm.MxNv.g.cs</c>: M rows, N registers of columns). Right-hand
/// sides are floats in memory, or narrower and widened as they are read.
/// </summary>
/// <typeparam name="TSimd">The rung.</typeparam>
/// <typeparam name="V">A register of floats.</typeparam>
/// <typeparam name="TWeights">How the right-hand side is read.</typeparam>
/// <typeparam name="E">An element of it in memory.</typeparam>
internal static unsafe partial class F32Gemm<TSimd, V, TWeights, E>
    where TSimd : struct, ISimd<V>
    where V : unmanaged
    where TWeights : struct, IWeights<V, E>
    where E : unmanaged
{
    // From what one row reads to what it fetches; more where rows of B are long.
    private const nint PrefetchBytes = 4096;
    private const nint PrefetchSteps = 16;
}
