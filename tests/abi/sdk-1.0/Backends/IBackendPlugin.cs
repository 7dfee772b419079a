namespace Tandem.Sdk;

/// <summary>The entry point of a plugin: the public class with a parameterless constructor that the manifest names.</summary>
/// <remarks>
/// <para>Lifetime: constructed once when the plugin is first needed, disposed after everything it created is disposed and before its load
/// context is unloaded. After <see cref="IDisposable.Dispose"/> no thread, timer, static event or native callback of the plugin may remain.</para>
/// <para>Threading: the host calls the members from any thread, and may call them at the same time.</para>
/// <para>Failure: throw <see cref="TandemException"/>; any other exception is reported as <see cref="ErrorCode.PluginStartFailed"/>.</para>
/// <para>Versioning: members added later have a default implementation, so a plugin compiled against an older contract keeps working.</para>
/// </remarks>
public interface IBackendPlugin : IDisposable
{
    /// <summary>Creates the run-time half for one of the manifest's backend ids.</summary>
    /// <param name="backendId">The backend id, as in the .pte ("XnnpackBackend").</param>
    /// <param name="services">What the host offers; valid until the plugin is disposed.</param>
    /// <returns>The runtime, which the host disposes; null if the plugin has no run-time half for this id.</returns>
    IBackendRuntime? CreateRuntime(string backendId, HostServices services);
}
