using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Tandem.Host.Execution;
using Tandem.Host.NamedData;
using Tandem.Host.Plugins;

namespace Tandem.Host.Tests.Plugins;

/// <summary>A search folder with plugins made for one test.</summary>
internal sealed class PluginFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ComputeThreadPool _pool = new(2);
    private PluginCatalog? _catalog;

    public string Path => _folder.Path;

    public TimeSpan StartLimit { get; init; } = TimeSpan.FromSeconds(10);

    public PluginCatalog Catalog => _catalog ??= new PluginCatalog([Path], StartLimit, _pool, new DerivedDataCacheStore(), NullLoggerFactory.Instance);

    public static string Binary(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "plugin-binaries", name);

    public static string Hash(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    /// <summary>Adds the good plugin; the change makes it another one.</summary>
    public string AddGood(string name = "good", Action<JsonObject>? change = null) => Add(name, "AddPlugin.dll", "Tandem.TestPlugins.AddPlugin", change);

    public string AddBroken(string entryPoint, string name = "broken", Action<JsonObject>? change = null) =>
        Add(name, "BrokenPlugins.dll", $"Tandem.BrokenPlugins.{entryPoint}", change);

    public string Add(string name, string binary, string entryPoint, Action<JsonObject>? change = null)
    {
        var folder = Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;
        File.Copy(Binary(binary), System.IO.Path.Combine(folder, binary));
        var manifest = new JsonObject
        {
            ["id"] = name,
            ["version"] = "1.0.0",
            ["sdk"] = "[1.0,2.0)",
            ["backends"] = new JsonArray("AddBackend"),
            ["platforms"] = new JsonArray("any"),
            ["assembly"] = binary,
            ["entryPoint"] = entryPoint,
        };
        change?.Invoke(manifest);
        File.WriteAllText(System.IO.Path.Combine(folder, PluginManifest.FileName), manifest.ToJsonString());
        return folder;
    }

    public PluginRecord Record(string name) => Catalog.Records.Single(record => System.IO.Path.GetFileName(record.Folder) == name);

    public void Dispose()
    {
        _catalog?.Dispose();
        _pool.Dispose();
        _folder.Dispose();
    }
}
