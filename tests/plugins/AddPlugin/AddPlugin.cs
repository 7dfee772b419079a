using Tandem.Sdk;

namespace Tandem.TestPlugins;

/// <summary>A whole small plugin: serves AddBackend, which adds the payload's number to a tensor.</summary>
public sealed class AddPlugin : IBackendPlugin
{
    public IBackendRuntime? CreateRuntime(string backendId, HostServices services) => backendId == "AddBackend" ? new AddRuntime(services) : null;

    public void Dispose()
    {
    }
}
