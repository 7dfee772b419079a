using Tandem.Sdk;

namespace Tandem.Plugins.Cpu;

/// <summary>The CPU plugin: runs XnnpackBackend payloads with kernels of its own.</summary>
public sealed class CpuPlugin : IBackendPlugin
{
    /// <inheritdoc/>
    public IBackendRuntime? CreateRuntime(string backendId, HostServices services) =>
        backendId == CpuRuntime.BackendId ? new CpuRuntime(services) : null;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
