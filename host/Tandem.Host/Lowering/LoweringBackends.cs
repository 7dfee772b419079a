using Tandem.Host.Plugins;
using Tandem.Host.Selection;
using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>The backends of one lowering: for each method those that the configuration names, in its order.</summary>
/// <remarks>A backend takes part only if an order names it, so that a program does not depend on which plugins happen to be installed.</remarks>
internal sealed class LoweringBackends : IDisposable
{
    private readonly PluginCatalog _catalog;
    private readonly BackendSelectionOptions _options;
    private readonly Dictionary<string, LoweringBackend> _backends = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<LoweringBackend>> _byMethod = new(StringComparer.Ordinal);

    private LoweringBackends(PluginCatalog catalog, BackendSelectionOptions options) => (_catalog, _options) = (catalog, options);

    /// <summary>All backends, each once, in the order in which methods name them.</summary>
    internal IEnumerable<LoweringBackend> All => _byMethod.Values.SelectMany(backends => backends).Distinct();

    /// <summary>Starts the backends that any of the methods asks for.</summary>
    /// <param name="catalog">The plugins.</param>
    /// <param name="options">The configuration.</param>
    /// <param name="methods">Names of the methods.</param>
    /// <returns>The backends, which the caller disposes.</returns>
    /// <exception cref="TandemException">
    /// <see cref="ErrorCode.BackendNotFound"/>, <see cref="ErrorCode.BackendNotAvailable"/> (it has no ahead-of-time half),
    /// <see cref="ErrorCode.ConfigurationInvalid"/>, or why a plugin cannot be used.
    /// </exception>
    internal static LoweringBackends Create(PluginCatalog catalog, BackendSelectionOptions options, IEnumerable<string> methods)
    {
        BackendResolver.Check(options, "Backends");
        var backends = new LoweringBackends(catalog, options);
        try
        {
            foreach (var method in methods)
            {
                backends._byMethod.Add(method, backends.Choose(method));
            }

            return backends;
        }
        catch
        {
            backends.Dispose();
            throw;
        }
    }

    /// <summary>The backends that are asked about a method, the preferred first.</summary>
    internal IReadOnlyList<LoweringBackend> For(string method) => _byMethod[method];

    public void Dispose()
    {
        foreach (var backend in _backends.Values)
        {
            backend.Dispose();
        }
    }

    private List<LoweringBackend> Choose(string method)
    {
        var chosen = new List<LoweringBackend>();
        var general = new SelectionRules(_options, method, "");
        foreach (var item in general.Order)
        {
            foreach (var (backendId, record) in Find(item))
            {
                var rules = new SelectionRules(_options, method, backendId);
                var isOut = record is null ? rules.Deny.Contains(backendId) || (rules.Allow.Count > 0 && !rules.Allow.Contains(backendId))
                    : rules.IsDenied(record) || !rules.IsAllowed(record);
                if (!isOut && !chosen.Exists(backend => backend.BackendId == backendId))
                {
                    chosen.Add(Get(backendId, record, $"'{item}' of the order [{string.Join(", ", general.Order)}]{(general.OrderWhere.Length == 0 ? "" : " " + general.OrderWhere)}"));
                }
            }
        }

        return chosen;
    }

    // A name is that of a plugin, with or without its version, the last part of it ("cpu" for "tandem.cpu"), or a backend id.
    private IEnumerable<(string BackendId, PluginRecord? Record)> Find(string item)
    {
        if (_options.InProcess.ContainsKey(item))
        {
            return [(item, null)];
        }

        var known = _catalog.Records.Where(record => record.Manifest is not null)
            .OrderBy(record => record.Manifest!.Id, StringComparer.Ordinal).ThenByDescending(record => record.Manifest!.Version).ToList();
        var named = known.Where(record => item == record.Manifest!.Id || item == $"{record.Manifest.Id} {record.Manifest.Version}").ToList();
        named = named.Count > 0 ? named : [.. known.Where(record => record.Manifest!.Id.EndsWith("." + item, StringComparison.Ordinal))];
        if (named.Select(record => record.Manifest!.Id).Distinct().Skip(1).Any())
        {
            throw new TandemException(ErrorCode.ConfigurationInvalid, "the name of a backend stands for several plugins", new ErrorDetails
            {
                Found = item,
                Expected = string.Join(", ", named.Select(record => record.Manifest!.Id).Distinct()),
                NextStep = "write the whole id",
            });
        }

        if (named.Count > 0)
        {
            var record = named.Find(record => record.Refusal is null) ?? named[0];
            return record.Manifest!.Backends.Select(id => (id, (PluginRecord?)record));
        }

        var serving = known.Where(record => record.Manifest!.Backends.Contains(item)).ToList();
        return serving.Count > 0 ? [(item, serving.Find(record => record.Refusal is null) ?? serving[0])]
            : throw new TandemException(ErrorCode.BackendNotFound, "no plugin or backend has this name", new ErrorDetails
            {
                Found = item,
                Expected = known.Count + _options.InProcess.Count == 0 ? "a plugin in one of the plugin folders; there is none"
                    : string.Join(", ", known.Select(record => record.Manifest!.Id).Concat(_options.InProcess.Keys).Distinct()),
                NextStep = "'tandem plugins' lists what was found, and what is wrong with it",
            });
    }

    private LoweringBackend Get(string backendId, PluginRecord? record, string reason)
    {
        if (_backends.TryGetValue(backendId, out var known))
        {
            return known;
        }

        Action? release = null;
        var plugin = record?.Title ?? "in-process";
        var preprocessor = record is null ? CreateInProcess(backendId) : record.CreatePreprocessor(backendId, out release);
        if (preprocessor is null)
        {
            throw new TandemException(ErrorCode.BackendNotAvailable, "the plugin has no ahead-of-time half for this backend", new ErrorDetails
            {
                File = plugin,
                Location = backendId,
                NextStep = "name another backend, or get a version of the plugin that lowers",
            });
        }

        return _backends[backendId] = new LoweringBackend(backendId, plugin, reason, preprocessor,
            method => new SelectionRules(_options, method, backendId).OptionsFor(record?.Manifest!.Id), release);
    }

    private IBackendPreprocessor? CreateInProcess(string backendId)
    {
        try
        {
            return _options.InProcess[backendId].CreatePreprocessor(backendId, _catalog.InProcessServices);
        }
        catch (Exception error) when (error is not TandemException)
        {
            throw new TandemException(ErrorCode.PluginStartFailed, "a backend that is registered in code threw while it was starting",
                new ErrorDetails { File = _options.InProcess[backendId].GetType().FullName, Location = backendId, Found = $"{error.GetType().Name}: {error.Message}" }, error);
        }
    }
}
