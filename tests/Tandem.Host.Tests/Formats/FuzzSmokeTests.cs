using System.Runtime.CompilerServices;
using Tandem.Fuzz;
using Xunit;

namespace Tandem.Host.Tests.Formats;

public sealed class FuzzSmokeTests
{
    /// <summary>20 s, or what TANDEM_FUZZ_SECONDS says.</summary>
    [Fact]
    public void T1_DamagedFilesForSomeTime()
    {
        var seconds = double.TryParse(Environment.GetEnvironmentVariable("TANDEM_FUZZ_SECONDS"), out var given) ? given : 20;
        var fuzzer = new Fuzzer([.. Corpus(), Programs.With(), Programs.Data([2, 2]).DataFile(Programs.Segments)], seed: 4);
        var problem = fuzzer.Run(TimeSpan.FromSeconds(seconds));
        Assert.True(problem is null, $"{problem}\n{Convert.ToHexString(fuzzer.Culprit ?? [])}");
        Assert.True(fuzzer.Models > 0 && fuzzer.Errors.Count > 5, "the fuzzer reaches the reader's insides");
    }

    private static IEnumerable<byte[]> Corpus([CallerFilePath] string here = "") =>
        Directory.GetFiles(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "assets", "programs"), "*.pte").Order(StringComparer.Ordinal).Select(File.ReadAllBytes);
}
