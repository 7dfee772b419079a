using Tandem.Sdk;

namespace Tandem.Host.Selection;

/// <summary>Chooses the plugin that serves a backend id, and remembers why.</summary>
/// <remarks>Threading: may be called from any thread.</remarks>
public interface IBackendResolver
{
    /// <summary>Chooses for one backend id of one method.</summary>
    /// <param name="methodName">Name of the method.</param>
    /// <param name="backendId">The backend id in the program.</param>
    /// <returns>The choice. Never null; <see cref="BackendChoice.Runtime"/> is null where nothing usable was found.</returns>
    BackendChoice Resolve(string methodName, string backendId);
}
