using Tandem.Sdk;

namespace Tandem.Host.Selection;

/// <summary>Which plugin serves a backend id, and why.</summary>
public sealed record BackendChoice
{
    /// <summary>The backend id in the program.</summary>
    public required string BackendId { get; init; }

    /// <summary>The runtime; null if no usable plugin was found.</summary>
    public IBackendRuntime? Runtime { get; init; }

    /// <summary>Id of the chosen plugin.</summary>
    public string? PluginId { get; init; }

    /// <summary>Version of the chosen plugin.</summary>
    public Version? PluginVersion { get; init; }

    /// <summary>Options for the delegate.</summary>
    public BackendOptions Options { get; init; } = BackendOptions.Empty;

    /// <summary>Why this plugin, or why none, for a person to read.</summary>
    public required string Reason { get; init; }

    /// <summary>Plugins that were looked at and not chosen, each with the reason.</summary>
    public IReadOnlyList<BackendRefusal> Refusals { get; init; } = [];
}
