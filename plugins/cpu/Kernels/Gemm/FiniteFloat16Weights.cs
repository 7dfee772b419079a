using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>IEEE 754 half precision (torch.float16) without infinities and NaN, widened with half the instructions.</summary>
internal readonly unsafe struct FiniteFloat16Weights<TSimd, V> : IWeights<V, ushort>
    where TSimd : struct, ISimd<V>
    where V : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load(ushort* source) => TSimd.LoadFiniteFloat16(source);
}
