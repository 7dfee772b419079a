using System.Collections.Concurrent;
using Tandem.Host.Plugins;
using Tandem.Sdk;

namespace Tandem.Host.Selection;

/// <summary>Chooses among the plugins of a catalogue by configured order, allow and deny.</summary>
internal sealed class BackendResolver : IBackendResolver, IDisposable
{
    private readonly PluginCatalog _catalog;
    private readonly BackendSelectionOptions _options;
    private readonly ConcurrentDictionary<string, Lazy<(IBackendRuntime? Runtime, BackendAvailability Availability)>> _inProcess = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Method, string Backend), Lazy<BackendChoice>> _choices = new();

    internal BackendResolver(PluginCatalog catalog, BackendSelectionOptions options)
    {
        _catalog = catalog;
        _options = options;
        Check(options, "Tandem:Backends");
    }

    public BackendChoice Resolve(string methodName, string backendId)
    {
        // Rules differ by method only where the configuration names it.
        var key = (_options.Methods.ContainsKey(methodName) ? methodName : "", backendId);
        return _choices.GetOrAdd(key, static (key, self) => new Lazy<BackendChoice>(() => self.Choose(key.Item1, key.Item2)), this).Value;
    }

    /// <summary>Drops what was chosen, so that plugins can unload; the next question chooses anew.</summary>
    internal void Forget() => _choices.Clear();

    public void Dispose()
    {
        Forget();
        foreach (var item in _inProcess.Values)
        {
            if (item.IsValueCreated)
            {
                item.Value.Runtime?.Dispose();
            }
        }

        _inProcess.Clear();
    }

    private BackendChoice Choose(string method, string backendId)
    {
        var rules = new SelectionRules(_options, method, backendId);
        if (_options.InProcess.TryGetValue(backendId, out var plugin))
        {
            return ChooseInProcess(backendId, plugin, rules);
        }

        var refusals = new List<BackendRefusal>();
        BackendChoice? choice = null;
        foreach (var record in Candidates(rules))
        {
            if (record.Manifest is null)
            {
                refusals.Add(new BackendRefusal(record.Title, record.Refusal!.Code, record.Refusal.Message));
            }
            else if (!record.Manifest.Backends.Contains(backendId))
            {
                continue;
            }
            else if (rules.IsDenied(record))
            {
                refusals.Add(new BackendRefusal(record.Title, null, $"denied by configuration: {string.Join(", ", rules.Deny)}"));
            }
            else if (!rules.IsAllowed(record))
            {
                refusals.Add(new BackendRefusal(record.Title, null, $"not among the allowed: {string.Join(", ", rules.Allow)}"));
            }
            else if (record.Refusal is { } refusal)
            {
                refusals.Add(new BackendRefusal(record.Title, refusal.Code, refusal.Message));
            }
            else if (choice is not null)
            {
                refusals.Add(new BackendRefusal(record.Title, null, $"serves {backendId}, too; {choice.PluginId} {choice.PluginVersion} comes first: {rules.Why(record)}"));
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
                    Options = rules.OptionsFor(record.Manifest.Id),
                    Reason = $"{rules.Why(record)}; {availability.Reason}",
                };
            }
        }

        return choice is not null ? choice with { Refusals = refusals }
            : new BackendChoice { BackendId = backendId, Reason = refusals.Count == 0 ? "no plugin names it" : "every plugin was refused", Refusals = refusals };
    }

    private BackendChoice ChooseInProcess(string backendId, IBackendPlugin plugin, SelectionRules rules)
    {
        var (runtime, availability) = _inProcess.GetOrAdd(backendId, id => new(() => Start(id, plugin))).Value;
        var isUsable = runtime is not null && availability.IsAvailable;
        return new BackendChoice
        {
            BackendId = backendId,
            Runtime = isUsable ? runtime : null,
            PluginId = isUsable ? "in-process" : null,
            Options = rules.OptionsFor(null),
            Reason = $"registered in code; {availability.Reason}",
            Refusals = isUsable ? [] : [new BackendRefusal("in-process", ErrorCode.BackendNotAvailable, availability.Reason)],
        };
    }

    private (IBackendRuntime? Runtime, BackendAvailability Availability) Start(string backendId, IBackendPlugin plugin)
    {
        try
        {
            var runtime = plugin.CreateRuntime(backendId, _catalog.InProcessServices);
            return (runtime, runtime?.GetAvailability() ?? new BackendAvailability(false, $"it has no run-time half for {backendId}"));
        }
        catch (Exception error) when (error is not TandemException)
        {
            throw new TandemException(ErrorCode.PluginStartFailed, "a backend that is registered in code threw while it was starting",
                new ErrorDetails { File = plugin.GetType().FullName, Location = backendId, Found = $"{error.GetType().Name}: {error.Message}" }, error);
        }
    }

    private IEnumerable<PluginRecord> Candidates(SelectionRules rules) => _catalog.Records
        .OrderBy(rules.Rank)
        .ThenBy(record => record.Manifest?.Id, StringComparer.Ordinal)
        .ThenByDescending(record => record.Manifest?.Version);

    /// <summary>Refuses a configuration that contradicts itself.</summary>
    internal static void Check(BackendSelectionOptions options, string where)
    {
        CheckNoRepeat(options.Order, $"{where}:Order");
        var both = options.Allow.Intersect(options.Deny).ToList();
        if (both.Count > 0)
        {
            throw new TandemException(ErrorCode.ConfigurationInvalid, "a plugin is both allowed and denied", new ErrorDetails
            {
                Location = where,
                Expected = "each plugin in one of Allow and Deny",
                Found = string.Join(", ", both),
                NextStep = "take it out of one of the lists",
            });
        }

        foreach (var (method, rules) in options.Methods)
        {
            Check(rules, $"{where}:Methods:{method}");
        }

        foreach (var (backend, rules) in options.ByBackend)
        {
            Check(rules, $"{where}:ByBackend:{backend}");
        }
    }

    private static void CheckNoRepeat(List<string> list, string where)
    {
        if (list.Distinct(StringComparer.Ordinal).Count() != list.Count || list.Exists(string.IsNullOrWhiteSpace))
        {
            throw new TandemException(ErrorCode.ConfigurationInvalid, "an order names a plugin twice, or an empty name", new ErrorDetails
            {
                Location = where,
                Expected = "each plugin once",
                Found = string.Join(", ", list),
                NextStep = "name each plugin once",
            });
        }
    }
}
