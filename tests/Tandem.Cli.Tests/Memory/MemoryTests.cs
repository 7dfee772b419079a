using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Tandem.Cli.Tests.Memory;

/// <summary>Memory and long runs, each in a process of its own, so that nothing else is in the figures.</summary>
public sealed partial class MemoryTests
{
    private static readonly string Tales = Repository.File("samples", "models", "tales", "xnnpack_fp32.pte");

    [Fact]
    public void Loading_a_model_takes_at_most_1_15_times_its_weights_with_and_without_packed_cache()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "resident memory is read from /proc");
        var output = Run("benchmarks", "Tandem.MemoryBenchmarks", "peak", "96");
        var ratios = Ratio().Matches(output).Select(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(3, ratios.Length);
        Assert.All(ratios, ratio => Assert.True(ratio is > 0.5 and <= 1.15, output));
    }

    [Fact]
    public void A_second_session_costs_its_activations_and_cache_and_little_beside()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "resident memory is read from /proc");
        var output = Run("benchmarks", "Tandem.MemoryBenchmarks", "second-session", Tales);
        var match = Session().Match(output);
        Assert.True(match.Success, output);
        var figures = Enumerable.Range(1, 3).Select(i => long.Parse(match.Groups[i].Value)).ToArray();

        // Two methods of 35 delegates each: an object for each delegate, and what is left of 40 kB for native memory that nobody counts. Private memory, managed
        // objects included, stays below what the session says it has.
        Assert.True(figures[1] <= 20_000 && figures[2] <= figures[0] + 20_000, output);
    }

    [Fact]
    public void Two_sessions_decode_while_programs_come_and_go_and_no_token_is_wrong()
    {
        var output = Run("soak", "Tandem.Soak", "--minutes", "0.35");
        var match = Soak().Match(output);
        Assert.True(match.Success, output);
        Assert.True(long.Parse(match.Groups[1].Value) > 200 && long.Parse(match.Groups[2].Value) > 4, output);
    }

    private static string Run(string folder, string name, params string[] arguments)
    {
        // bin/<configuration>/<framework>/, like that of these tests.
        var (framework, configuration) = (new DirectoryInfo(AppContext.BaseDirectory).Name, new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name);
        var assembly = Repository.File("tests", folder, name, "bin", configuration, framework, name + ".dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [assembly, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(180_000), "the program hangs");
        Assert.True(process.ExitCode == 0, $"{output}\n{errors.Result}");
        return output;
    }

    [GeneratedRegex(@"ratio (\d+\.\d+)")]
    private static partial Regex Ratio();

    [GeneratedRegex(@"own memory (\d+) bytes, managed (-?\d+) bytes, private resident (-?\d+) bytes a session")]
    private static partial Regex Session();

    [GeneratedRegex(@"(\d+) tokens and (\d+) loads in .* minutes, 0 failures")]
    private static partial Regex Soak();
}
