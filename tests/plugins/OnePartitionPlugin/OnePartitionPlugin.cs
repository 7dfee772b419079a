using Tandem.Sdk;

namespace Tandem.TestPlugins;

/// <summary>A backend that shares nothing: it implements the one-partition form and leaves the other alone.</summary>
public sealed class OnePartitionPlugin : IBackendPlugin
{
    public IBackendRuntime? CreateRuntime(string backendId, HostServices services) => new RectifierRuntime();

    public IBackendPreprocessor? CreatePreprocessor(string backendId, HostServices services) => new RectifierPreprocessor();

    public void Dispose()
    {
    }
}
