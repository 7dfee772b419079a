using Tandem.Host.Plugins;

namespace Tandem.Cli.Inspection;

/// <summary>Tables of 'tandem plugins'.</summary>
internal static class PluginTables
{
    /// <summary>Every plugin folder.</summary>
    public static ReportTable Plugins(PluginReport report) => new("Plugins", ["plugin", "usable", "serves", "folder", "why"],
        [.. report.Plugins.Select(item => (IReadOnlyList<string>)[
            item.Id is null ? "?" : $"{item.Id} {item.Version}", item.IsUsable ? "yes" : "no", string.Join(", ", item.Backends), item.Folder, string.Join("; ", [item.Reason, .. item.Notes])])]);

    /// <summary>Who serves which backend.</summary>
    public static ReportTable Backends(PluginReport report) => new("Backends", ["backend", "plugin", "why", "others"],
        [.. report.Backends.Select(item => (IReadOnlyList<string>)[item.BackendId, item.Plugin ?? "none", item.Reason, string.Join("; ", item.Refusals)])]);
}
