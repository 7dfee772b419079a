using Tandem.Cli.Tests.Commands;
using Tandem.Host;
using Tandem.Host.Generation;
using Xunit;

namespace Tandem.Cli.Tests.Plugins;

/// <summary>Each runtime of a process loads the CPU plugin, compiled ahead as it is published, into a load context of its own.</summary>
public sealed class SeveralRuntimesTests
{
    [Fact]
    public void Two_runtimes_that_keep_the_plugin_write_the_same_with_the_sample_model()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "plugins");
        var first = Generate(folder, 1);
        Assert.Equal(first, Generate(folder, 2));
    }

    private static int[] Generate(string folder, int threads)
    {
        using var runtime = new TandemRuntime(new TandemOptions { PluginFolders = [folder], KeepPluginsLoaded = true, Threads = threads });
        using var program = runtime.LoadProgram(CommandLineRun.Model);
        using var session = program.CreateSession();
        return [.. new TokenGenerator(session).Generate([0, 1, 2], new SamplingOptions { Temperature = 0 }, 4, null, default)];
    }
}
