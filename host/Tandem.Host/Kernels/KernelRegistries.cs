namespace Tandem.Host.Kernels;

/// <summary>The operators that the host brings.</summary>
public static class KernelRegistries
{
    /// <summary>All operators that ExecuTorch's own runtime registers.</summary>
    /// <returns>A new registry.</returns>
    public static KernelRegistry CreateDefault()
    {
        var registry = new KernelRegistry();
        Pointwise.UnaryKernels.Register(registry);
        Pointwise.BinaryKernels.Register(registry);
        return registry;
    }
}
