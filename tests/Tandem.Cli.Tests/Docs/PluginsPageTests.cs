using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Tandem.Host;
using Tandem.Host.Plugins;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Cli.Tests.Docs;

/// <summary>What docs/plugins.md and the schema say is what the host reads.</summary>
public sealed class PluginsPageTests : IDisposable
{
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("tandem-test-").FullName, PluginManifest.FileName);

    [Fact]
    public void TheManifestOnThePageIsRead()
    {
        File.WriteAllText(_path, JsonBlocks()[0]);
        var manifest = PluginManifest.Read(_path);
        Assert.Equal("acme.npu", manifest.Id);
        Assert.True(manifest.Sdk.Contains(SdkVersion.Current));
        Assert.Equal(["native/libacme.so"], manifest.NativeLibraries.Keys);
    }

    [Fact]
    public void TheConfigurationOnThePageIsBound()
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(JsonBlocks()[1]));
        var options = new TandemOptions();
        new ConfigurationBuilder().AddJsonStream(stream).Build().GetSection("Tandem").Bind(options);
        Assert.Equal(["plugins"], options.PluginFolders);
        Assert.Equal(["acme.npu", "cpu"], options.Backends.Order);
        Assert.Equal("2", options.Backends.Options["XnnpackBackend"]["threads"]);
        Assert.Equal("low", options.Backends.PluginOptions["acme.npu"]["power"]);
        Assert.Equal(["acme.npu 1.2.0"], options.Backends.ByBackend["AcmeBackend"].Order);
        Assert.Equal(["cpu"], options.Backends.Methods["prefill"].Order);
    }

    [Fact]
    public void TheSchemaNamesWhatTheHostReads()
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(Repository.File("docs/plugin-manifest.schema.json")));
        var properties = schema.RootElement.GetProperty("properties").EnumerateObject().Select(item => item.Name).ToList();
        var required = schema.RootElement.GetProperty("required").EnumerateArray().Select(item => item.GetString()!).ToList();

        // The reader's own list of known properties stands in its refusal of an unknown one.
        File.WriteAllText(_path, "{\"unknown\":1}");
        var known = Assert.Throws<TandemException>(() => PluginManifest.Read(_path)).Details.Expected!.Split(", ");
        Assert.Equal(known.Except(["signature"]).Order(), properties.Order());

        using var example = JsonDocument.Parse(JsonBlocks()[0]);
        foreach (var name in required)
        {
            var rest = example.RootElement.EnumerateObject().Where(item => item.Name != name).ToDictionary(item => item.Name, item => item.Value);
            File.WriteAllText(_path, JsonSerializer.Serialize(rest));
            Assert.Contains($"'{name}'", Assert.Throws<TandemException>(() => PluginManifest.Read(_path)).Message, StringComparison.Ordinal);
        }
    }

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    private static List<string> JsonBlocks() =>
        [.. File.ReadAllText(Repository.File("docs/plugins.md")).Split("```").Where(block => block.StartsWith("json\n", StringComparison.Ordinal)).Select(block => block[5..])];
}
