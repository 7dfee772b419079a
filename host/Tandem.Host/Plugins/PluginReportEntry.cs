using Tandem.Sdk;

namespace Tandem.Host.Plugins;

/// <summary>One plugin folder.</summary>
/// <param name="Id">Id; null if the manifest cannot be used.</param>
/// <param name="Version">Version; null if the manifest cannot be used.</param>
/// <param name="Folder">The folder.</param>
/// <param name="Backends">Backend ids that it serves.</param>
/// <param name="IsUsable">Whether it can be chosen.</param>
/// <param name="Code">The error that makes it unusable.</param>
/// <param name="Reason">Why it is unusable, or its state.</param>
public sealed record PluginReportEntry(
    string? Id, string? Version, string Folder, IReadOnlyList<string> Backends, bool IsUsable, ErrorCode? Code, string Reason)
{
    /// <summary>Things that a person should know, and that do not make the plugin unusable: a private copy of the contracts, no hash.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
