using Tandem.Sdk;

namespace Tandem.Host.Plugins;

/// <summary>Brings a plugin's code into the process and takes it out again.</summary>
internal interface IPluginLoader
{
    /// <summary>Loads the assembly into a context of its own and constructs the entry point.</summary>
    /// <param name="folder">The plugin's folder.</param>
    /// <param name="manifest">Its manifest, judged before.</param>
    /// <param name="context">The load context; unloads when it and everything of the plugin is let go.</param>
    /// <returns>The entry point.</returns>
    IBackendPlugin Load(string folder, PluginManifest manifest, out WeakReference context);

    /// <summary>Begins to unload what <see cref="Load"/> loaded.</summary>
    /// <param name="context">The load context.</param>
    void Unload(WeakReference context);
}
