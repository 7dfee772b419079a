using Microsoft.Extensions.Logging;
using Tandem.Host.Selection;
using Tandem.Sdk;

namespace Tandem.Host.Plugins;

/// <summary>Every plugin folder that was found, usable or not.</summary>
internal sealed class PluginCatalog : IDisposable
{
    private readonly ILogger _logger;

    /// <summary>Looks for plugins: each folder with a plugin.json, one level under each of the given folders.</summary>
    internal PluginCatalog(
        IEnumerable<string> folders, TimeSpan startLimit, ComputePool pool, DerivedDataCache processCache, ILoggerFactory loggers, IPluginLoader? loader = null,
        bool staysLoaded = false)
    {
        _logger = loggers.CreateLogger("Tandem.Plugins");
        loader ??= new PluginLoader();
        var records = new List<PluginRecord>();
        foreach (var folder in folders.Select(FullPath).Distinct())
        {
            foreach (var plugin in FindPlugins(folder))
            {
                var record = new PluginRecord(plugin, loader,
                    new PluginHostServices(plugin, pool, processCache, loggers.CreateLogger($"Tandem.Plugin.{Path.GetFileName(plugin)}")), startLimit, staysLoaded);
                if (record.Refusal is { } refusal)
                {
                    _logger.LogWarning("plugin {Folder} refused: {Reason}", plugin, refusal.Message);
                }

                records.Add(record);
            }
        }

        Records = records;
        InProcessServices = new PluginHostServices(AppContext.BaseDirectory, pool, processCache, loggers.CreateLogger("Tandem.Plugin.InProcess"));
    }

    /// <summary>What plugins that the application registered in code are offered.</summary>
    internal HostServices InProcessServices { get; }

    internal IReadOnlyList<PluginRecord> Records { get; }

    public void Dispose()
    {
        foreach (var record in Records)
        {
            record.Dispose();
        }
    }

    /// <summary>Stops every plugin of an id and takes it out of the process.</summary>
    internal IReadOnlyList<PluginUnloadResult> Unload(string pluginId, TimeSpan limit) =>
        [.. Records.Where(record => record.Manifest?.Id == pluginId).Select(record => record.TryUnload(limit))];

    internal PluginReport CreateReport(IBackendResolver resolver)
    {
        var backends = Records.SelectMany(record => record.Manifest?.Backends ?? []).Distinct().Order(StringComparer.Ordinal)
            .Select(id => (Id: id, Choice: resolver.Resolve("", id))).ToList();
        return new PluginReport(
            [.. Records.Select(record => new PluginReportEntry(
                record.Manifest?.Id, record.Manifest?.Version.ToString(), record.Folder, record.Manifest?.Backends ?? [],
                record.Refusal is null, record.Refusal?.Code, record.Refusal?.Message ?? (record.IsStarted ? "started" : "usable, not started"))
            {
                Notes = record.Notes,
            })],
            [.. backends.Select(item => new BackendReportEntry(item.Id, item.Choice.PluginId is { } id ? $"{id} {item.Choice.PluginVersion}" : null,
                item.Choice.Reason, [.. item.Choice.Refusals.Select(refusal => $"{refusal.Plugin}: {refusal.Reason}")]))]);
    }

    private static string FullPath(string folder)
    {
        try
        {
            return Path.GetFullPath(folder);
        }
        catch (ArgumentException error)
        {
            throw new TandemException(ErrorCode.ConfigurationInvalid, "a plugin folder is not a path",
                new ErrorDetails { Location = "Tandem:PluginFolders", Expected = "a path", Found = $"'{folder}'", NextStep = "correct the configuration" }, error);
        }
    }

    private IReadOnlyList<string> FindPlugins(string folder)
    {
        if (!Directory.Exists(folder))
        {
            _logger.LogInformation("plugin folder {Folder} does not exist", folder);
            return [];
        }

        try
        {
            return [.. Directory.EnumerateDirectories(folder).Where(path => File.Exists(Path.Combine(path, PluginManifest.FileName))).Order(StringComparer.Ordinal)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _logger.LogWarning("plugin folder {Folder} cannot be read: {Reason}", folder, error.Message);
            return [];
        }
    }
}
