using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tandem.Host.Formats;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.DependencyInjection;

public sealed class AddTandemTests
{
    private static ServiceProvider Build(Dictionary<string, string?> settings, Action<TandemOptions>? configure = null) =>
        new ServiceCollection().AddTandem(new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), configure).BuildServiceProvider();

    [Fact]
    public void OptionsComeFromTheSection()
    {
        using var provider = Build(new()
        {
            ["Tandem:Threads"] = "3",
            ["Tandem:FileAccess"] = "Copy",
            ["Tandem:PluginFolders:0"] = "plugins-of-the-test",
            ["Tandem:PluginStartLimitSeconds"] = "2.5",
            ["Tandem:Backends:Order:0"] = "tandem.cpu",
            ["Tandem:Backends:Deny:0"] = "other",
            ["Tandem:Backends:Options:XnnpackBackend:threads"] = "2",
            ["Tandem:Backends:Methods:decode:Order:0"] = "fast",
            ["Elsewhere:Threads"] = "9",
        });
        var options = provider.GetRequiredService<TandemOptions>();
        Assert.Equal(3, options.Threads);
        Assert.Equal(FileAccessMode.Copy, options.FileAccess);
        Assert.Equal(["plugins-of-the-test"], options.PluginFolders);
        Assert.Equal(2.5, options.PluginStartLimitSeconds);
        Assert.Equal(["tandem.cpu"], options.Backends.Order);
        Assert.Equal(["other"], options.Backends.Deny);
        Assert.Equal("2", options.Backends.Options["xnnpackbackend"]["threads"]);
        Assert.Equal(["fast"], options.Backends.Methods["decode"].Order);
    }

    [Fact]
    public void OneRuntimeServesTheApplicationAndIsDisposedWithIt()
    {
        TandemRuntime runtime;
        using (var provider = Build(new() { ["Tandem:Threads"] = "2" }))
        {
            runtime = provider.GetRequiredService<TandemRuntime>();
            Assert.Same(runtime, provider.GetRequiredService<TandemRuntime>());
            Assert.Equal(2, runtime.Pool.ThreadCount);
        }

        // Disposing twice is harmless.
        runtime.Dispose();
    }

    [Fact]
    public void CodeAddsWhatNoFileCanName()
    {
        using var provider = Build([], options => options.ConfigureKernels = kernels => kernels.Add("my::op", (_, _) => { }));
        Assert.True(provider.GetRequiredService<TandemRuntime>().Kernels.TryGet("my::op", out _));
    }

    [Theory]
    [InlineData("Tandem:Thraeds", "2")]
    [InlineData("Tandem:Threads", "many")]
    [InlineData("Tandem:FileAccess", "Teleport")]
    [InlineData("Tandem:Backends:Ordre:0", "x")]
    public void MistakesAreRefused(string key, string value)
    {
        using var provider = Build(new() { [key] = value });
        var error = Assert.Throws<TandemException>(provider.GetRequiredService<TandemRuntime>);
        Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
        Assert.Contains("Tandem", error.Message);
    }
}
