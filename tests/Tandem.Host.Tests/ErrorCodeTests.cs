using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests;

/// <summary>Every error code has a test that produces it, in whichever test project it belongs to.</summary>
public sealed partial class ErrorCodeTests
{
    [Fact]
    public void EveryErrorCodeHasATest()
    {
        var produced = TestSources().SelectMany(file => Tag().Matches(File.ReadAllText(file)).Select(match => match.Groups["code"].Value)).ToHashSet();
        Assert.All(Enum.GetNames<ErrorCode>(), code => Assert.Contains(code, produced));
    }

    [Fact]
    public void ATaggedTestNamesTheCodeItExpects() => Assert.All(TestSources(), file =>
    {
        var text = File.ReadAllText(file);
        foreach (Match match in Tag().Matches(text))
        {
            // The tag itself and at least one expectation.
            Assert.True(Regex.Count(text, $@"ErrorCode\.{match.Groups["code"].Value}\b") > 1, $"{file}: {match.Value}");
        }
    });

    private static IEnumerable<string> TestSources([CallerFilePath] string here = "") =>
        Directory.EnumerateFiles(Path.Combine(Path.GetDirectoryName(here)!, ".."), "*Tests.cs", SearchOption.AllDirectories);

    [GeneratedRegex(@"\[ProducesError\(ErrorCode\.(?<code>\w+)\)\]")]
    private static partial Regex Tag();
}
