using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Floats as they are.</summary>
internal readonly unsafe struct Float32Weights<TSimd, V> : IWeights<V, float>
    where TSimd : struct, ISimd<V>
    where V : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load(float* source) => TSimd.Load(source);
}
