namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// The transforms of Winograd's F(2x2, 3x3): outputs of 2x2 from inputs of 4x4 with 16 multiplications a channel where the definition has 36. At each of 16
/// positions the transformed inputs of many tiles are multiplied with the transformed filters, a matrix product.
/// </summary>
internal static unsafe partial class F32Winograd<TSimd, V>
    where TSimd : struct, ISimd<V>
    where V : unmanaged
{
}
