using Tandem.Sdk;

namespace Tandem.Host.Selection;

/// <summary>Which plugin serves which backend; bound from the configuration section "Tandem:Backends".</summary>
public sealed class BackendSelectionOptions
{
    /// <summary>Plugin ids, or "id version", the preferred first. Plugins that are not listed come after these, by id and descending version.</summary>
    public List<string> Order { get; set; } = [];

    /// <summary>If not empty, only these plugin ids are used.</summary>
    public List<string> Allow { get; set; } = [];

    /// <summary>These plugin ids are never used.</summary>
    public List<string> Deny { get; set; } = [];

    /// <summary>Options by backend id, given to every delegate of it.</summary>
    public Dictionary<string, Dictionary<string, string>> Options { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Options by plugin id, given to every delegate of that plugin; they count more than those by backend id.</summary>
    public Dictionary<string, Dictionary<string, string>> PluginOptions { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Rules for single backend ids; where they set a list, it takes the place of this object's. Rules inside these rules are not looked at.</summary>
    public Dictionary<string, BackendSelectionOptions> ByBackend { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Rules for single methods, by method name; they take the place of <see cref="Order"/>, <see cref="Allow"/> and <see cref="Deny"/> where they are set.</summary>
    public Dictionary<string, BackendSelectionOptions> Methods { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Backends that live in this process: by backend id, before any plugin. For tests and for applications that bring their own.</summary>
    public Dictionary<string, IBackendPlugin> InProcess { get; } = new(StringComparer.Ordinal);
}
