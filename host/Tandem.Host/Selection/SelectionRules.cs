using Tandem.Host.Plugins;
using Tandem.Sdk;

namespace Tandem.Host.Selection;

/// <summary>The rules that count for one backend id of one method: the nearest list that is set wins, options are merged.</summary>
internal sealed class SelectionRules
{
    private readonly List<(BackendSelectionOptions Options, string Where)> _chain = [];
    private readonly string _backendId;

    internal SelectionRules(BackendSelectionOptions options, string method, string backendId)
    {
        _backendId = backendId;
        var rules = options.Methods.GetValueOrDefault(method);
        Add(rules?.ByBackend.GetValueOrDefault(backendId), $"for method '{method}' and {backendId}");
        Add(rules, $"for method '{method}'");
        Add(options.ByBackend.GetValueOrDefault(backendId), $"for {backendId}");
        Add(options, "");
        (Order, OrderWhere) = Nearest(item => item.Order);
        (Allow, _) = Nearest(item => item.Allow);
        (Deny, _) = Nearest(item => item.Deny);
    }

    internal List<string> Order { get; }

    /// <summary>Where the order is written, for a person to read; empty for the general one.</summary>
    internal string OrderWhere { get; }

    internal List<string> Allow { get; }

    internal List<string> Deny { get; }

    /// <summary>Options for a delegate of a plugin: the general first, the nearest last, and those by plugin over those by backend id.</summary>
    internal BackendOptions OptionsFor(string? pluginId)
    {
        var values = new List<KeyValuePair<string, string>>();
        for (var i = _chain.Count - 1; i >= 0; i--)
        {
            values.AddRange(_chain[i].Options.Options.GetValueOrDefault(_backendId) ?? []);
            values.AddRange(pluginId is null ? [] : _chain[i].Options.PluginOptions.GetValueOrDefault(pluginId) ?? []);
        }

        return new BackendOptions(values);
    }

    internal int Rank(PluginRecord record)
    {
        var rank = Order.FindIndex(item => Matches(item, record));
        return rank < 0 ? int.MaxValue : rank;
    }

    internal bool IsDenied(PluginRecord record) => Deny.Exists(item => Matches(item, record));

    internal bool IsAllowed(PluginRecord record) => Allow.Count == 0 || Allow.Exists(item => Matches(item, record));

    internal string Why(PluginRecord record)
    {
        if (Order.Count == 0)
        {
            return "no order is configured: first by id, newest version";
        }

        var order = $"the configured order{(OrderWhere.Length == 0 ? "" : " " + OrderWhere)} [{string.Join(", ", Order)}]";
        return Rank(record) is var rank && rank < int.MaxValue ? $"number {rank + 1} of {order}" : $"not in {order}, and nothing before it can be used";
    }

    private static bool Matches(string item, PluginRecord record) => record.Manifest is { } manifest && (item == manifest.Id || item == $"{manifest.Id} {manifest.Version}");

    private void Add(BackendSelectionOptions? options, string where)
    {
        if (options is not null)
        {
            _chain.Add((options, where));
        }
    }

    private (List<string> List, string Where) Nearest(Func<BackendSelectionOptions, List<string>> list)
    {
        var nearest = _chain.Find(item => list(item.Options).Count > 0);
        return nearest.Options is null ? ([], "") : (list(nearest.Options), nearest.Where);
    }
}
