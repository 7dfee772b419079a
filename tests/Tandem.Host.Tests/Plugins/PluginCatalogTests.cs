using System.Text.Json.Nodes;
using Tandem.Host.Plugins;
using Tandem.Host.Selection;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Plugins;

/// <summary>Real plugins, good and broken: each refusal is typed and recorded, the host lives, the good plugin works.</summary>
public sealed class PluginCatalogTests
{
    [Fact]
    public void AGoodPluginComputes()
    {
        using var folder = new PluginFolder();
        folder.AddGood();
        var record = folder.Record("good");
        Assert.Null(record.Refusal);
        Assert.False(record.IsStarted);

        using var resolver = new BackendResolver(folder.Catalog, new BackendSelectionOptions());
        var choice = resolver.Resolve("forward", "AddBackend");
        Assert.Equal([3.5f, 4.5f, 5.5f], AddBackendCall.Run(choice));
        Assert.True(record.IsStarted);
        Assert.Equal("good", choice.PluginId);
        Assert.Contains("adds on 2 threads", choice.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ThrowsInConstructor", ErrorCode.PluginStartFailed, "OwnException: the constructor does not like it here")]
    [InlineData("ThrowsTypedInConstructor", ErrorCode.BackendNotAvailable, "no driver")]
    [InlineData("ThrowsInCreateRuntime", ErrorCode.PluginStartFailed, "OwnException: no runtime today")]
    [InlineData("HasNoRuntime", ErrorCode.BackendNotAvailable, "no run-time half for AddBackend")]
    [InlineData("IsUnavailable", ErrorCode.BackendNotAvailable, "the device is not plugged in")]
    [InlineData("IsNoPlugin", ErrorCode.PluginEntryPointInvalid, "does not implement it")]
    [InlineData("Broken", ErrorCode.PluginEntryPointInvalid, "abstract")]
    [InlineData("HasNoConstructor", ErrorCode.PluginEntryPointInvalid, "without such a constructor")]
    [InlineData("IsInternal", ErrorCode.PluginEntryPointInvalid, "not public")]
    [InlineData("IsNotThere", ErrorCode.PluginEntryPointInvalid, "no such type")]
    [InlineData("AsksForSystemLibrary", ErrorCode.PluginFileMissing, "libc")]
    [InlineData("AsksForHost", ErrorCode.PluginFileMissing, "Tandem.Host")]
    [ProducesError(ErrorCode.PluginStartFailed)]
    [ProducesError(ErrorCode.PluginEntryPointInvalid)]
    public void AStartThatFailsIsRecordedAndTheNextPluginServes(string entryPoint, ErrorCode code, string reason)
    {
        using var folder = new PluginFolder();
        folder.AddBroken(entryPoint, "a-broken");
        folder.AddGood("b-good");
        using var resolver = new BackendResolver(folder.Catalog, new BackendSelectionOptions());

        var choice = resolver.Resolve("forward", "AddBackend");

        Assert.Equal("b-good", choice.PluginId);
        Assert.Equal([3.5f, 4.5f, 5.5f], AddBackendCall.Run(choice));
        var refusal = Assert.Single(choice.Refusals);
        Assert.Equal("a-broken 1.0.0", refusal.Plugin);
        Assert.Equal(code, refusal.Code);
        Assert.Contains(reason, refusal.Reason, StringComparison.Ordinal);
    }

    [Fact]
    [ProducesError(ErrorCode.PluginStartTimedOut)]
    public void AHangInStartUpEndsAtTheLimitAndTheNextPluginServes()
    {
        using var folder = new PluginFolder { StartLimit = TimeSpan.FromSeconds(0.3) };
        var hanging = folder.AddBroken("HangsInStart", "a-hangs");
        folder.AddGood("b-good");
        using var resolver = new BackendResolver(folder.Catalog, new BackendSelectionOptions());
        var start = Environment.TickCount64;

        var choice = resolver.Resolve("forward", "AddBackend");

        Assert.InRange(Environment.TickCount64 - start, 250, 8000);
        Assert.Equal("b-good", choice.PluginId);
        Assert.Equal(ErrorCode.PluginStartTimedOut, Assert.Single(choice.Refusals).Code);
        Assert.Equal(ErrorCode.PluginStartTimedOut, folder.Record("a-hangs").Refusal!.Code);

        // What comes late is undone and changes nothing.
        File.WriteAllText(Path.Combine(hanging, "go-on"), "");
        Thread.Sleep(50);
        Assert.False(folder.Record("a-hangs").IsStarted);
        Assert.Equal([3.5f, 4.5f, 5.5f], AddBackendCall.Run(choice));
    }

    [Fact]
    public void TheReportShowsEveryPluginUsableOrNot()
    {
        using var folder = new PluginFolder();
        folder.AddGood("a-good");
        folder.AddBroken("ThrowsInConstructor", "b-throws", manifest => manifest["backends"] = new JsonArray("OtherBackend"));
        folder.AddGood("c-wrong", manifest => manifest["sdk"] = "[9.0,10.0)");
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(folder.Path, "d-json")).FullName, "plugin.json"), "{");
        using var resolver = new BackendResolver(folder.Catalog, new BackendSelectionOptions());

        var report = folder.Catalog.CreateReport(resolver);

        Assert.Equal(["a-good", "b-throws", "c-wrong", null], report.Plugins.Select(item => item.Id));
        Assert.Equal([true, false, false, false], report.Plugins.Select(item => item.IsUsable));
        Assert.Equal([null, ErrorCode.PluginStartFailed, ErrorCode.PluginSdkVersionMismatch, ErrorCode.ManifestInvalid], report.Plugins.Select(item => item.Code));
        Assert.Equal("a-good 1.0.0", report.Backends.Single(item => item.BackendId == "AddBackend").Plugin);
        Assert.Null(report.Backends.Single(item => item.BackendId == "OtherBackend").Plugin);
    }

    [Fact]
    public void FoldersThatAreMissingOrEmptyHoldNoPlugins()
    {
        using var folder = new PluginFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "no-manifest"));
        Assert.Empty(folder.Catalog.Records);
        using var runtime = new TandemRuntime(new TandemOptions { PluginFolders = [Path.Combine(folder.Path, "absent")] });
        Assert.Empty(runtime.GetPluginReport().Plugins);
    }

    [Fact]
    public void AFolderThatIsNoPathIsRefused()
    {
        var error = Assert.Throws<TandemException>(() => new TandemRuntime(new TandemOptions { PluginFolders = [""] }));
        Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
    }
}
