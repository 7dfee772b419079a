using Tandem.Sdk;

namespace Tandem.TestPlugins;

/// <summary>A backend that sees all partitions of all methods before it writes the first payload.</summary>
public sealed class AllPartitionsPlugin : IBackendPlugin
{
    public IBackendRuntime? CreateRuntime(string backendId, HostServices services) => new ContextRuntime();

    public IBackendPreprocessor? CreatePreprocessor(string backendId, HostServices services) => new ContextPreprocessor();

    public void Dispose()
    {
    }
}
