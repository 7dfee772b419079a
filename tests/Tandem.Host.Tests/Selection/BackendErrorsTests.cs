using System.Text.Json.Nodes;
using Tandem.Host.Tests.Plugins;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Selection;

/// <summary>A program whose backend nothing serves: which of the two errors, and what it says.</summary>
public sealed class BackendErrorsTests
{
    private static readonly string Model = Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "sample-models"), "*.pte").First();

    [Fact]
    [ProducesError(ErrorCode.BackendNotFound)]
    public void NoPluginServesTheBackend()
    {
        using var folder = new PluginFolder();
        folder.AddGood();
        var error = Load(folder);
        Assert.Equal(ErrorCode.BackendNotFound, error.Code);
        Assert.Contains("XnnpackBackend", error.Message, StringComparison.Ordinal);
        Assert.Equal(Model, error.Details.File);
        Assert.NotNull(error.Details.NextStep);
    }

    [Fact]
    [ProducesError(ErrorCode.BackendNotAvailable)]
    public void ThePluginIsThereAndCannotRunHere()
    {
        using var folder = new PluginFolder();
        folder.AddBroken("IsUnavailable", change: manifest => manifest["backends"] = new JsonArray("XnnpackBackend"));
        var error = Load(folder);
        Assert.Equal(ErrorCode.BackendNotAvailable, error.Code);
        Assert.Contains("the device is not plugged in", error.Message, StringComparison.Ordinal);
    }

    private static TandemException Load(PluginFolder folder)
    {
        using var runtime = new TandemRuntime(new TandemOptions { PluginFolders = [folder.Path], Threads = 1 });
        using var program = runtime.LoadProgram(Model);
        using var session = program.CreateSession();
        var method = program.Model.Plans.First(plan => plan.Delegates.Any()).Name;
        return Assert.Throws<TandemException>(() => session.GetMethod(method));
    }
}
