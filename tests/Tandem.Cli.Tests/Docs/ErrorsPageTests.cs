using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Cli.Tests.Docs;

/// <summary>docs/errors.md is generated from the comments of <see cref="ErrorCode"/>; docs/update-errors.sh writes it.</summary>
public sealed partial class ErrorsPageTests
{
    private static readonly (int Thousand, string Title)[] Groups =
    [
        (1, "Source and container"), (2, "Program"), (3, "Named data"), (4, "Plugin"), (5, "Selection"),
        (6, "Method and execution"), (7, "Operator"), (8, "Backend payload"), (9, "Caller"),
    ];

    [Fact]
    public void T3_ThePageListsEveryCode()
    {
        var path = Repository.File("docs", "errors.md");
        var page = Render();
        if (Environment.GetEnvironmentVariable("TANDEM_UPDATE_ERRORS_PAGE") == "1")
        {
            File.WriteAllText(path, page);
        }

        Assert.Equal(page, File.ReadAllText(path));
    }

    [Fact]
    public void EveryCodeLiesInAGroup() =>
        Assert.All(Enum.GetValues<ErrorCode>(), code => Assert.Contains(Groups, group => group.Thousand == (int)code / 1000));

    private static string Render()
    {
        var comments = XDocument.Load(Path.ChangeExtension(typeof(ErrorCode).Assembly.Location, ".xml")).Descendants("member")
            .ToDictionary(member => member.Attribute("name")!.Value, member => Text(member.Element("summary")));
        var page = new StringBuilder("""
            # Errors

            Everything that input, configuration or a device can cause is one exception type, `TandemException`. It carries a code that never
            changes its meaning, and where they apply: the file, the offset or key, what was expected, what was found, and what to do next. Its
            message begins with `TDM`, the number and the name.

            This page is generated from the comments of `ErrorCode`; `docs/update-errors.sh` writes it.

            """);
        foreach (var (thousand, title) in Groups)
        {
            page.Append($"\n## {title}\n\n| code | name | meaning |\n|---|---|---|\n");
            foreach (var code in Enum.GetValues<ErrorCode>().Where(code => (int)code / 1000 == thousand).Order())
            {
                page.Append($"| TDM{(int)code} | {code} | {comments[$"F:Tandem.Sdk.ErrorCode.{code}"]} |\n");
            }
        }

        return page.ToString();
    }

    private static string Text(XElement? summary) => summary is null ? "" : Spaces().Replace(summary.Value, " ").Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
