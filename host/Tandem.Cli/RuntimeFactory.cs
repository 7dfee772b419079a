using Microsoft.Extensions.Configuration;
using Tandem.Host;

namespace Tandem.Cli;

/// <summary>Makes the runtime of the command line.</summary>
internal static class RuntimeFactory
{
    /// <summary>Makes a runtime.</summary>
    /// <param name="configuration">Configuration with a section "Tandem".</param>
    /// <param name="pluginFolders">Folders that hold plugin folders; none for 'plugins' beside the program.</param>
    /// <param name="threads">Compute threads; null for the configuration's.</param>
    public static TandemRuntime Create(IConfiguration configuration, IReadOnlyList<string> pluginFolders, int? threads)
    {
        var options = new TandemOptions();
        configuration.GetSection("Tandem").Bind(options);
        if (pluginFolders.Count > 0)
        {
            options.PluginFolders = [.. pluginFolders];
        }
        else if (options.PluginFolders.Count == 0)
        {
            options.PluginFolders = [Path.Combine(AppContext.BaseDirectory, "plugins")];
        }

        // The process ends with the verb: nothing is ever unloaded before.
        options.KeepPluginsLoaded = true;
        options.Threads = threads ?? options.Threads;
        return new TandemRuntime(options);
    }
}
