using Xunit;

namespace Tandem.Cli.Tests.Docs;

/// <summary>Every C# block of the documentation stands, line for line, in a sample that the build compiles.</summary>
public sealed class CodeBlockTests
{
    public static TheoryData<string> Pages()
    {
        var pages = Directory.EnumerateFiles(Repository.File("docs"), "*.md").Append(Repository.File("README.md"));
        return [.. pages.Select(page => Path.GetRelativePath(Repository.Root, page)).Order()];
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Q3_CodeBlocksAreCompiled(string page)
    {
        var samples = Directory.EnumerateFiles(Repository.File("samples"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}"))
            .Select(path => Normalise(File.ReadAllLines(path))).ToList();
        foreach (var block in Blocks(Repository.File(page)))
        {
            Assert.True(samples.Any(sample => sample.Contains(block, StringComparison.Ordinal)),
                $"{page}: this block is in no file under samples/:\n{block}");
        }
    }

    private static IEnumerable<string> Blocks(string path)
    {
        List<string>? block = null;
        foreach (var line in File.ReadLines(path))
        {
            if (block is null)
            {
                block = line.StartsWith("```csharp", StringComparison.Ordinal) ? [] : null;
            }
            else if (line.StartsWith("```", StringComparison.Ordinal))
            {
                yield return Normalise(block);
                block = null;
            }
            else
            {
                block.Add(line);
            }
        }
    }

    private static string Normalise(IEnumerable<string> lines) =>
        string.Join('\n', lines.Select(line => line.Trim()).Where(line => line.Length > 0));
}
