using System.Runtime.CompilerServices;
using Tandem.Host.Generation;
using Xunit;

namespace Tandem.Host.Tests.Plugins;

/// <summary>T6 for the plugin that ships: load, write some words with the sample model, unload.</summary>
public sealed class CpuPluginUnloadTests
{
    private const int Cycles = 5;

    [Fact]
    public void T6_TheCpuPluginRunsTheSampleModelAndUnloads()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "plugins");
        using var runtime = new TandemRuntime(new TandemOptions { PluginFolders = [folder], Threads = 2 });
        int[]? first = null;
        for (var cycle = 0; cycle < Cycles; cycle++)
        {
            var tokens = Generate(runtime);
            Assert.Equal(first ??= tokens, tokens);
            var result = Assert.Single(runtime.UnloadPlugin("tandem.cpu", TimeSpan.FromSeconds(20)));
            Assert.True(result.IsUnloaded, $"cycle {cycle}: {result.Reason}");
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int[] Generate(TandemRuntime runtime)
    {
        using var program = runtime.LoadProgram(Path.Combine(AppContext.BaseDirectory, "sample-models", "xnnpack_fp32.pte"));
        using var session = program.CreateSession();
        return [.. new TokenGenerator(session).Generate([0, 1, 2], new SamplingOptions { Temperature = 0 }, 4, null, default)];
    }
}
