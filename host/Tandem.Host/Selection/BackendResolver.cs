using System.Collections.Concurrent;
using Tandem.Host.Plugins;
using Tandem.Sdk;

namespace Tandem.Host.Selection;

/// <summary>Chooses among the plugins of a catalogue by configured order, allow and deny.</summary>
internal sealed class BackendResolver : IBackendResolver
{
    private readonly PluginCatalog _catalog;
    private readonly BackendSelectionOptions _options;
    private readonly Dictionary<string, IBackendRuntime?> _inProcess = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Method, string Backend), Lazy<BackendChoice>> _choices = new();

    internal BackendResolver(PluginCatalog catalog, BackendSelectionOptions options)
    {
        _catalog = catalog;
        _options = options;
        Check(options);
        foreach (var (backend, plugin) in options.InProcess)
        {
            _inProcess[backend] = plugin.CreateRuntime(backend, catalog.InProcessServices);
        }
    }

    public BackendChoice Resolve(string methodName, string backendId)
    {
        // Rules differ by method only where the configuration names it.
        var key = (_options.Methods.ContainsKey(methodName) ? methodName : "", backendId);
        return _choices.GetOrAdd(key, static (key, self) => new Lazy<BackendChoice>(() => self.Choose(key.Item1, key.Item2)), this).Value;
    }

    private BackendChoice Choose(string method, string backendId)
    {
        var rules = _options.Methods.GetValueOrDefault(method);
        var order = rules is { Order.Count: > 0 } ? rules.Order : _options.Order;
        var allow = rules is { Allow.Count: > 0 } ? rules.Allow : _options.Allow;
        var deny = rules is { Deny.Count: > 0 } ? rules.Deny : _options.Deny;
        var options = new BackendOptions((_options.Options.GetValueOrDefault(backendId) ?? []).Concat(rules?.Options.GetValueOrDefault(backendId) ?? []));
        if (_inProcess.TryGetValue(backendId, out var runtime) && runtime is not null)
        {
            return ChooseInProcess(backendId, runtime, options);
        }

        var refusals = new List<BackendRefusal>();
        BackendChoice? choice = null;
        foreach (var record in Candidates(order))
        {
            if (record.Manifest is null)
            {
                refusals.Add(new BackendRefusal(record.Title, record.Refusal!.Code, record.Refusal.Message));
            }
            else if (!record.Manifest.Backends.Contains(backendId))
            {
                continue;
            }
            else if (choice is not null)
            {
                refusals.Add(new BackendRefusal(record.Title, record.Refusal?.Code, $"serves {backendId}, too; {choice.PluginId} {choice.PluginVersion} comes first"));
            }
            else if (Contains(deny, record))
            {
                refusals.Add(new BackendRefusal(record.Title, null, "denied by configuration"));
            }
            else if (allow.Count > 0 && !Contains(allow, record))
            {
                refusals.Add(new BackendRefusal(record.Title, null, $"not among the allowed: {string.Join(", ", allow)}"));
            }
            else
            {
                var (found, availability) = record.GetRuntime(backendId);
                if (found is null || !availability.IsAvailable)
                {
                    refusals.Add(new BackendRefusal(record.Title, record.Refusal?.Code ?? ErrorCode.BackendNotAvailable, availability.Reason));
                    continue;
                }

                choice = new BackendChoice
                {
                    BackendId = backendId,
                    Runtime = found,
                    PluginId = record.Manifest.Id,
                    PluginVersion = record.Manifest.Version,
                    Options = options,
                    Reason = $"{Why(order, record)}; {availability.Reason}",
                };
            }
        }

        return choice is not null ? choice with { Refusals = refusals }
            : new BackendChoice { BackendId = backendId, Reason = refusals.Count == 0 ? "no plugin names it" : "every plugin was refused", Refusals = refusals };
    }

    private static BackendChoice ChooseInProcess(string backendId, IBackendRuntime runtime, BackendOptions options)
    {
        var availability = runtime.GetAvailability();
        return new BackendChoice
        {
            BackendId = backendId,
            Runtime = availability.IsAvailable ? runtime : null,
            PluginId = availability.IsAvailable ? "in-process" : null,
            Options = options,
            Reason = $"registered in code; {availability.Reason}",
            Refusals = availability.IsAvailable ? [] : [new BackendRefusal("in-process", ErrorCode.BackendNotAvailable, availability.Reason)],
        };
    }

    private IEnumerable<PluginRecord> Candidates(List<string> order) => _catalog.Records
        .OrderBy(record => Rank(order, record))
        .ThenBy(record => record.Manifest?.Id, StringComparer.Ordinal)
        .ThenByDescending(record => record.Manifest?.Version);

    private static int Rank(List<string> order, PluginRecord record)
    {
        var rank = order.FindIndex(item => Matches(item, record));
        return rank < 0 ? int.MaxValue : rank;
    }

    private static string Why(List<string> order, PluginRecord record) => Rank(order, record) is var rank && rank < int.MaxValue
        ? $"number {rank + 1} of the configured order" : order.Count == 0 ? "no order is configured: first by id, newest version" : "not in the configured order, and nothing before it can be used";

    private static bool Contains(List<string> list, PluginRecord record) => list.Exists(item => Matches(item, record));

    private static bool Matches(string item, PluginRecord record) => record.Manifest is { } manifest && (item == manifest.Id || item == $"{manifest.Id} {manifest.Version}");

    private static void Check(BackendSelectionOptions options)
    {
        var both = options.Allow.Intersect(options.Deny).ToList();
        if (both.Count > 0)
        {
            throw new TandemException(ErrorCode.ConfigurationInvalid, "a plugin is both allowed and denied", new ErrorDetails
            {
                Location = "Tandem:Backends",
                Found = string.Join(", ", both),
                NextStep = "take it out of one of the lists",
            });
        }

        foreach (var rules in options.Methods.Values)
        {
            Check(rules);
        }
    }
}
