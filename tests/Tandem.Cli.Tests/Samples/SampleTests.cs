using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace Tandem.Cli.Tests.Samples;

/// <summary>The samples, as a reader runs them.</summary>
public sealed partial class SampleTests
{
    [Fact]
    public void The_quickstart_says_which_token_follows() => Assert.Matches(@"^next token: \d+\s*$", Run("quickstart", "Quickstart"));

    [Fact]
    public void G5_a_net_built_in_CSharp_is_lowered_and_both_methods_run_on_weights_that_are_there_once()
    {
        var output = Run("graph-builder", "GraphBuilder");
        var size = Size().Match(output);
        Assert.True(size.Success, output);
        var (file, weights, unshared) = (long.Parse(size.Groups[1].Value), long.Parse(size.Groups[2].Value), long.Parse(size.Groups[3].Value));
        Assert.InRange(file, weights, weights + 20_000);
        Assert.True(unshared >= 2 * weights, output);

        var likeness = Likeness().Match(output);
        Assert.True(likeness.Success && Math.Abs(double.Parse(likeness.Groups[1].Value) - double.Parse(likeness.Groups[2].Value)) <= 0.0002, output);

        var uses = Uses().Matches(output);
        Assert.True(uses.Count >= 2, output);
        Assert.All(uses, use => Assert.Equal("1", use.Groups[2].Value));
        Assert.All(uses, use => Assert.True(int.Parse(use.Groups[1].Value) >= 2, output));
    }

    private static string Run(string folder, string name)
    {
        // bin/<configuration>/<framework>/, like that of these tests.
        var (framework, configuration) = (new DirectoryInfo(AppContext.BaseDirectory).Name, new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name);
        var assembly = Repository.File("samples", folder, "bin", configuration, framework, name + ".dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [assembly]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(60_000), "the sample hangs");
        Assert.True(process.ExitCode == 0, $"{output}\n{errors.Result}");
        return output;
    }

    [GeneratedRegex(@"vectors.pte: (\d+) bytes, for (\d+) bytes of weights; without sharing (\d+) bytes")]
    private static partial Regex Size();

    [GeneratedRegex(@"likeness by ""embed"" (-?[\d.]+), by ""compare"" (-?[\d.]+)")]
    private static partial Regex Likeness();

    [GeneratedRegex(@"bytes: (\d+) requests, (\d+) load")]
    private static partial Regex Uses();
}
