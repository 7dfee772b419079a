using System.Xml.Linq;
using Tandem.Cli.Inspection;
using Tandem.Host.Diagnostics.Reports;
using Xunit;

namespace Tandem.Cli.Tests.Inspection;

public sealed class HtmlReportTests
{
    [Fact]
    public void NamesFromTheFileCannotInjectMarkup()
    {
        var page = HtmlReport.Render(Report("<script>alert(1)</script>\" onload=\"x"));
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain("\" onload=\"", page);
    }

    [Fact]
    public void ThePageIsSelfContained()
    {
        var page = HtmlReport.Render(Report("m.pte"));
        Assert.DoesNotContain("http", page);
        Assert.DoesNotContain("src=", page);
        Assert.Contains("m.pte", page);
    }

    [Fact]
    public void TagsAreBalanced()
    {
        var page = HtmlReport.Render(Report("m.pte"));
        var body = page[page.IndexOf("<body>", StringComparison.Ordinal)..page.IndexOf("</html>", StringComparison.Ordinal)];
        Assert.Equal("body", XElement.Parse(body).Name.LocalName);
    }

    private static ProgramReport Report(string name) => new()
    {
        Files = [new FileReport(name, "pte", 2000, 0, 1000, 32, 1024)],
        Segments = [new SegmentReport(0, 1024, 976, [name])],
        NamedData = [new NamedDataReport(name, name, 10, null, [name])],
        Warnings = [name],
        Methods =
        [
            new MethodReport
            {
                Name = name,
                Inputs = [new ValueReport(0, name, name, true)],
                Outputs = [],
                Instructions = [new InstructionReport(0, "kernel", name, [0])],
                Operators = [new OperatorReport(name, 1, false)],
                Delegates = [new DelegateReport(0, name, 5, 1, null, name, [name], null, null)],
                PlannedBuffers = [64],
                State = [new StateReport(name, name, 1, 0, 4, [])],
            },
        ],
    };
}
