using System.Text;
using Microsoft.Extensions.Configuration;
using Tandem.Host.Plugins;
using Tandem.Host.Selection;
using Tandem.Host.Tests.Plugins;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Selection;

/// <summary>Configured order decides, and the reason is kept.</summary>
public sealed class BackendResolverTests
{
    [Fact]
    public void WithoutAnOrderTheFirstIdAndItsNewestVersionServe()
    {
        using var folder = TwoPluginsOneInTwoVersions();
        var choice = Choose(folder, new BackendSelectionOptions());
        Assert.Equal(("acme", new Version(1, 10, 0)), (choice.PluginId, choice.PluginVersion));
        Assert.StartsWith("no order is configured", choice.Reason, StringComparison.Ordinal);
        Assert.Equal(["acme 1.9.0", "zeta 1.0.0"], choice.Refusals.Select(item => item.Plugin));
        Assert.All(choice.Refusals, refusal => Assert.Contains("serves AddBackend, too; acme 1.10.0 comes first", refusal.Reason, StringComparison.Ordinal));
        Assert.DoesNotContain(folder.Catalog.Records, record => record.IsStarted && record.Title != "acme 1.10.0");
    }

    [Theory]
    [InlineData("zeta", "zeta 1.0.0")]
    [InlineData("acme 1.9.0", "acme 1.9.0")]
    [InlineData("absent,zeta,acme", "zeta 1.0.0")]
    public void TheConfiguredOrderDecides(string order, string expected)
    {
        using var folder = TwoPluginsOneInTwoVersions();
        var choice = Choose(folder, new BackendSelectionOptions { Order = [.. order.Split(',')] });
        Assert.Equal(expected, $"{choice.PluginId} {choice.PluginVersion}");
        Assert.Contains("of the configured order", choice.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void DenyAndAllowRefuseWithTheReason()
    {
        using var folder = TwoPluginsOneInTwoVersions();
        var denied = Choose(folder, new BackendSelectionOptions { Deny = ["acme"] });
        Assert.Equal("zeta", denied.PluginId);
        Assert.All(denied.Refusals, refusal => Assert.StartsWith("denied by configuration", refusal.Reason, StringComparison.Ordinal));

        var allowed = Choose(folder, new BackendSelectionOptions { Allow = ["acme 1.9.0"] });
        Assert.Equal(new Version(1, 9, 0), allowed.PluginVersion);
        Assert.Equal(2, allowed.Refusals.Count(refusal => refusal.Reason.StartsWith("not among the allowed", StringComparison.Ordinal)));

        var none = Choose(folder, new BackendSelectionOptions { Deny = ["acme", "zeta"] });
        Assert.Null(none.Runtime);
        Assert.Equal("every plugin was refused", none.Reason);
        Assert.Equal(3, none.Refusals.Count);
    }

    [Fact]
    public void NothingNamesAnUnknownBackend()
    {
        using var folder = TwoPluginsOneInTwoVersions();
        using var resolver = new BackendResolver(folder.Catalog, new BackendSelectionOptions());
        var choice = resolver.Resolve("forward", "UnknownBackend");
        Assert.Null(choice.Runtime);
        Assert.Equal("no plugin names it", choice.Reason);
    }

    [Fact]
    public void AppSettingsChooseByMethodAndBackendWithOptions()
    {
        const string Json = """
            {
              "Tandem": {
                "Threads": 1,
                "Backends": {
                  "Order": ["acme"],
                  "Options": { "AddBackend": { "factor": "2" } },
                  "PluginOptions": { "zeta": { "factor": "4" } },
                  "ByBackend": { "AddBackend": { "Order": ["acme 1.9.0"] } },
                  "Methods": {
                    "decode": { "Order": ["zeta"] },
                    "prefill": { "Deny": ["acme 1.10.0"], "Options": { "AddBackend": { "factor": "3" } } }
                  }
                }
              }
            }
            """;
        using var folder = TwoPluginsOneInTwoVersions();
        var options = new TandemOptions { PluginFolders = [folder.Path] };
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(Json));
        new ConfigurationBuilder().AddJsonStream(stream).Build().GetSection("Tandem").Bind(options);
        using var runtime = new TandemRuntime(options);

        var forward = runtime.Resolver.Resolve("forward", "AddBackend");
        var decode = runtime.Resolver.Resolve("decode", "AddBackend");
        var prefill = runtime.Resolver.Resolve("prefill", "AddBackend");

        Assert.Equal(("acme", new Version(1, 9, 0), 2), (forward.PluginId, forward.PluginVersion, forward.Options.GetInt("factor", 1)));
        Assert.Equal(("zeta", 4), (decode.PluginId, decode.Options.GetInt("factor", 1)));
        Assert.Contains("for method 'decode'", decode.Reason, StringComparison.Ordinal);
        Assert.Equal((new Version(1, 9, 0), 3), (prefill.PluginVersion, prefill.Options.GetInt("factor", 1)));
        Assert.Equal([6, 7, 8], AddBackendCall.Run(forward));
        Assert.Equal([11, 12, 13], AddBackendCall.Run(decode));
        Assert.Equal([8.5f, 9.5f, 10.5f], AddBackendCall.Run(prefill));
        Assert.Contains("for AddBackend [acme 1.9.0]", forward.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void ABackendRegisteredInCodeComesBeforeAnyPlugin()
    {
        using var folder = TwoPluginsOneInTwoVersions();
        var own = new OwnPlugin();
        var options = new BackendSelectionOptions();
        options.InProcess.Add("AddBackend", own);
        using (var resolver = new BackendResolver(folder.Catalog, options))
        {
            var choice = resolver.Resolve("forward", "AddBackend");
            Assert.Same(own, choice.Runtime);
            Assert.Same(choice, resolver.Resolve("other", "AddBackend"));
            Assert.Equal("registered in code; here", choice.Reason);
            Assert.Equal(1, own.Asked);
        }

        Assert.Equal(1, own.Disposed);
    }

    [Fact]
    [ProducesError(ErrorCode.ConfigurationInvalid)]
    public void AllowedAndDeniedAtOnceIsAContradiction()
    {
        using var folder = TwoPluginsOneInTwoVersions();
        var rules = new BackendSelectionOptions { Allow = ["acme"], Deny = ["acme"] };
        Assert.Equal("Tandem:Backends:Methods:decode", Refuse(new BackendSelectionOptions { Methods = { ["decode"] = rules } }).Details.Location);
        Assert.Equal("Tandem:Backends:ByBackend:AddBackend", Refuse(new BackendSelectionOptions { ByBackend = { ["AddBackend"] = rules } }).Details.Location);
        Assert.Equal("Tandem:Backends:Order", Refuse(new BackendSelectionOptions { Order = ["acme", "acme"] }).Details.Location);

        TandemException Refuse(BackendSelectionOptions options)
        {
            var error = Assert.Throws<TandemException>(() => new BackendResolver(folder.Catalog, options));
            Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
            return error;
        }
    }

    private static PluginFolder TwoPluginsOneInTwoVersions()
    {
        var folder = new PluginFolder();
        folder.AddGood("acme-old", manifest => (manifest["id"], manifest["version"]) = ("acme", "1.9.0"));
        folder.AddGood("acme-new", manifest => (manifest["id"], manifest["version"]) = ("acme", "1.10.0"));
        folder.AddGood("zeta", manifest => manifest["backends"] = new System.Text.Json.Nodes.JsonArray("AddBackend", "OtherBackend"));
        return folder;
    }

    private static BackendChoice Choose(PluginFolder folder, BackendSelectionOptions options)
    {
        using var resolver = new BackendResolver(folder.Catalog, options);
        return resolver.Resolve("forward", "AddBackend");
    }

    private sealed class OwnPlugin : IBackendPlugin, IBackendRuntime
    {
        public int Asked { get; private set; }

        public int Disposed { get; private set; }

        public IBackendRuntime? CreateRuntime(string backendId, HostServices services) => this;

        public BackendAvailability GetAvailability()
        {
            Asked++;
            return new BackendAvailability(true, "here");
        }

        public IBackendDelegate Initialize(DelegateInitializeContext context) => throw new NotSupportedException();

        public void Dispose() => Disposed++;
    }
}
