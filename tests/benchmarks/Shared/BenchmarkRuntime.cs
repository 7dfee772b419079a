using Tandem.Host;

namespace Tandem.Benchmarks.Shared;

/// <summary>A runtime as an application has it, with the plugins beside the benchmark.</summary>
internal static class BenchmarkRuntime
{
    /// <summary>Creates one.</summary>
    /// <param name="threads">Compute threads.</param>
    /// <param name="cacheFolder">Folder of the CPU plugin's packed cache; empty for none.</param>
    /// <param name="pluginFolder">Folder of the plugins; null for the one beside the benchmark.</param>
    public static TandemRuntime Create(int threads, string cacheFolder = "", string? pluginFolder = null)
    {
        var options = new TandemOptions
        {
            Threads = threads,
            KeepPluginsLoaded = true,
            PluginFolders = [pluginFolder ?? Path.Combine(AppContext.BaseDirectory, "plugins")],
        };
        if (cacheFolder.Length > 0)
        {
            options.Backends.PluginOptions["tandem.cpu"] = new() { ["packed_cache"] = cacheFolder };
        }

        return new TandemRuntime(options);
    }
}
