using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>The upper halves of floats (torch.bfloat16), widened.</summary>
internal readonly unsafe struct BFloat16Weights<TSimd, V> : IWeights<V, ushort>
    where TSimd : struct, ISimd<V>
    where V : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load(ushort* source) => TSimd.LoadBFloat16(source);
}
