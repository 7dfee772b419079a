namespace Tandem.Host.Plugins;

/// <summary>What 'tandem plugins' shows.</summary>
/// <param name="Plugins">Every plugin folder that was found.</param>
/// <param name="Backends">Which plugin serves each backend id, and why.</param>
public sealed record PluginReport(IReadOnlyList<PluginReportEntry> Plugins, IReadOnlyList<BackendReportEntry> Backends);
