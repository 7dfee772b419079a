using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>IEEE 754 half precision (torch.float16), widened.</summary>
internal readonly unsafe struct Float16Weights<TSimd, V> : IWeights<V, ushort>
    where TSimd : struct, ISimd<V>
    where V : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load(ushort* source) => TSimd.LoadFloat16(source);
}
