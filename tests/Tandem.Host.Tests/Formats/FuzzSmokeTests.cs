using System.Runtime.CompilerServices;
using Tandem.Fuzz;
using Xunit;

namespace Tandem.Host.Tests.Formats;

public sealed class FuzzSmokeTests
{
    /// <summary>60 s, or what TANDEM_FUZZ_SECONDS says.</summary>
    [Fact]
    public void T1_DamagedFilesForSomeTime()
    {
        var seconds = double.TryParse(Environment.GetEnvironmentVariable("TANDEM_FUZZ_SECONDS"), out var given) ? given : 60;
        using var probe = new ProgramProbe(new TandemRuntime(new TandemOptions { Threads = 1, PluginFolders = [Path.Combine(AppContext.BaseDirectory, "plugins")] }), seed: 4);
        var fuzzer = new Fuzzer([.. Corpus(), Programs.With(), Programs.Data([2, 2]).DataFile(Programs.Segments)], seed: 4, probe);
        string? problem = "the reader or a call hangs";
        var worker = new Thread(() => problem = fuzzer.Run(TimeSpan.FromSeconds(seconds))) { IsBackground = true };
        worker.Start();
        worker.Join(TimeSpan.FromSeconds(seconds + 30));
        Assert.True(problem is null, $"{problem}\n{Convert.ToHexString(fuzzer.Culprit ?? fuzzer.Current ?? [])}");
        Assert.True(fuzzer.Models > 0 && fuzzer.Errors.Count > 5, "the fuzzer reaches the reader's insides");
        Assert.True(probe.Calls > 0 && probe.Errors.Count > 2, "the fuzzer reaches the executor");
    }

    /// <summary>20 s, or what TANDEM_FUZZ_SECONDS says.</summary>
    [Fact]
    public void Damaged_archives_for_some_time()
    {
        var seconds = double.TryParse(Environment.GetEnvironmentVariable("TANDEM_FUZZ_SECONDS"), out var given) ? given : 20;
        using var runtime = new TandemRuntime(new TandemOptions { Threads = 1 });
        using var fuzzer = new ArchiveFuzzer([.. Corpus("archives", "*.pt2")], seed: 4, runtime);
        string? problem = "the reader or the lowering hangs";
        var worker = new Thread(() => problem = fuzzer.Run(TimeSpan.FromSeconds(seconds))) { IsBackground = true };
        worker.Start();
        worker.Join(TimeSpan.FromSeconds(seconds + 30));
        Assert.True(problem is null, $"{problem}\n{Convert.ToHexString(fuzzer.Culprit ?? fuzzer.Current ?? [])}");
        Assert.True(fuzzer.Programs > 0 && fuzzer.Lowered > 0 && fuzzer.Errors.Count > 4, fuzzer.Summary);
    }

    private static IEnumerable<byte[]> Corpus(string folder = "programs", string pattern = "*.pte", [CallerFilePath] string here = "") =>
        Directory.GetFiles(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "assets", folder), pattern).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);
}
