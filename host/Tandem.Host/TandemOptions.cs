using Tandem.Host.Formats;
using Tandem.Host.Kernels;
using Tandem.Host.Selection;

namespace Tandem.Host;

/// <summary>Options of a <see cref="TandemRuntime"/>; bound from the configuration section "Tandem".</summary>
public sealed class TandemOptions
{
    /// <summary>Compute threads, the caller's included; null for one for each core.</summary>
    public int? Threads { get; set; }

    /// <summary>How program files come into memory.</summary>
    public FileAccessMode FileAccess { get; set; } = FileAccessMode.Map;

    /// <summary>Folders that hold plugin folders. No environment variable is read.</summary>
    public List<string> PluginFolders { get; set; } = [];

    /// <summary>Which plugin serves which backend.</summary>
    public BackendSelectionOptions Backends { get; set; } = new();

    /// <summary>Seconds that a plugin may take to start.</summary>
    public double PluginStartLimitSeconds { get; set; } = 10;

    /// <summary>
    /// Whether plugins stay in the process once they are started. Such a plugin starts faster: code that was compiled ahead of time is used, which
    /// .NET cannot do for an assembly that may be unloaded.
    /// </summary>
    public bool KeepPluginsLoaded { get; set; }

    /// <summary>Adds or replaces operators; called once, with the built-in operators registered.</summary>
    public Action<KernelRegistry>? ConfigureKernels { get; set; }
}
