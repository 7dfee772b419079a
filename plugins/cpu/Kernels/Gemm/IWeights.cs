namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>How a kernel reads weights. Kernels are generic over an implementing struct, so that each is compiled anew for it.</summary>
/// <typeparam name="V">A register of floats.</typeparam>
/// <typeparam name="E">An element in memory.</typeparam>
internal unsafe interface IWeights<V, E>
    where V : unmanaged
    where E : unmanaged
{
    /// <summary>A register's lanes, exactly as the elements are.</summary>
    static abstract V Load(E* source);
}
