using System.Runtime.Loader;
using Tandem.Sdk;

namespace Tandem.Host.Plugins;

/// <summary>Brings a plugin's code into the process and takes it out again.</summary>
internal interface IPluginLoader
{
    /// <summary>Loads the assembly into a context of its own and constructs the entry point.</summary>
    /// <param name="folder">The plugin's folder.</param>
    /// <param name="manifest">Its manifest, judged before.</param>
    /// <param name="context">
    /// The load context. The caller holds it as long as the plugin is in use: a collectible context that only its assemblies refer to begins to unload
    /// when the collector finds it, and then loads no further assembly.
    /// </param>
    /// <returns>The entry point.</returns>
    IBackendPlugin Load(string folder, PluginManifest manifest, out AssemblyLoadContext context);

    /// <summary>Begins to unload what <see cref="Load"/> loaded.</summary>
    /// <param name="context">The load context.</param>
    void Unload(AssemblyLoadContext context);
}
