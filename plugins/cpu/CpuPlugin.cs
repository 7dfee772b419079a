using Tandem.Sdk;

namespace Tandem.Plugins.Cpu;

/// <summary>The CPU plugin: writes XnnpackBackend payloads, and runs them with kernels of its own.</summary>
public sealed class CpuPlugin : IBackendPlugin
{
    /// <inheritdoc/>
    public IBackendRuntime? CreateRuntime(string backendId, HostServices services) =>
        backendId == CpuRuntime.BackendId ? new CpuRuntime(services) : null;

    /// <inheritdoc/>
    public IBackendPreprocessor? CreatePreprocessor(string backendId, HostServices services) =>
        backendId == CpuRuntime.BackendId ? new CpuPreprocessor() : null;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
