using System.Net;
using System.Text;
using Tandem.Host.Diagnostics.Reports;

namespace Tandem.Cli.Inspection;

/// <summary>A report as one self-contained HTML page: no script, no resource from elsewhere; readable in light and dark.</summary>
internal static class HtmlReport
{
    private const string Style = """
        :root { color-scheme: light dark; --line: #8884; --head: #8881; --warn: #b45309; }
        body { font: 15px/1.45 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; border-bottom: 2px solid var(--line); }
        h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
        th { background: var(--head); font-weight: 600; white-space: nowrap; } td:first-child { font-variant-numeric: tabular-nums; }
        .facts { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: .6rem 0; } .facts b { display: block; font-size: 1.15rem; }
        .bar { display: flex; height: 1.4rem; border: 1px solid var(--line); border-radius: 4px; overflow: hidden; margin: .6rem 0; }
        .bar i { display: block; min-width: 1px; border-right: 1px solid Canvas; background: hsl(var(--h) 55% 55%); }
        .warn { color: var(--warn); font-weight: 600; } summary { cursor: pointer; margin: .8rem 0 .3rem; } code { font-size: .92em; }
        """;

    /// <summary>Renders a page.</summary>
    public static string Render(ProgramReport report)
    {
        var name = Path.GetFileName(report.Files[0].Name);
        var page = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>").Append(Escape(name))
            .Append("</title><style>").Append(Style).Append("</style></head><body>\n<h1>").Append(Escape(name)).Append("</h1>\n");
        Facts(page, report);
        foreach (var warning in report.Warnings)
        {
            page.Append("<p class=\"warn\">").Append(Escape(warning)).Append("</p>\n");
        }

        SegmentBar(page, report);
        Tables(page, ReportTables.OfProgram(report));
        Tables(page, ReportTables.OfLowering(report, withNodes: false));
        Details(page, report.Lowering is { } lowering ? LoweringTables.Nodes(lowering) : []);
        foreach (var method in report.Methods)
        {
            page.Append("<h2>Method <code>").Append(Escape(method.Name)).Append("</code></h2>\n");
            Tables(page, ReportTables.OfMethod(method));
            Details(page, ReportTables.DetailsOfMethod(method));
        }

        return page.Append("</body></html>\n").ToString();
    }

    private static void Details(StringBuilder page, IEnumerable<ReportTable> tables)
    {
        foreach (var table in tables)
        {
            page.Append("<details><summary>").Append(Escape(table.Title)).Append(" (").Append(table.Rows.Count).Append(")</summary>\n");
            Table(page, table);
            page.Append("</details>\n");
        }
    }

    private static void Facts(StringBuilder page, ProgramReport report)
    {
        page.Append("<div class=\"facts\">");
        Fact(page, Sizes.Format(report.Files.Sum(file => file.ByteCount)), "in " + (report.Files.Count == 1 ? "one file" : $"{report.Files.Count} files"));
        Fact(page, report.Methods.Count.ToString(), "methods");
        Fact(page, report.Methods.Sum(method => method.Delegates.Count).ToString(), "delegates");
        Fact(page, report.Methods.SelectMany(method => method.Operators).Select(item => item.Name).Distinct().Count().ToString(), "operators of the host");
        Fact(page, report.NamedData.Count.ToString(), "named blobs");
        page.Append("</div>\n");
    }

    private static void Fact(StringBuilder page, string value, string label) =>
        page.Append("<div><b>").Append(Escape(value)).Append("</b>").Append(Escape(label)).Append("</div>");

    private static void SegmentBar(StringBuilder page, ProgramReport report)
    {
        if (report.Segments.All(segment => segment.ByteCount == 0))
        {
            return;
        }

        page.Append("<div class=\"bar\" role=\"img\" aria-label=\"sizes of the segments\">");
        foreach (var segment in report.Segments.Where(segment => segment.ByteCount > 0))
        {
            page.Append("<i style=\"--h:").Append(segment.Index * 47 % 360).Append(";flex:").Append(segment.ByteCount)
                .Append(" 0 0\" title=\"segment ").Append(segment.Index).Append(", ").Append(Escape(Sizes.Format(segment.ByteCount)))
                .Append(": ").Append(Escape(string.Join(", ", segment.Users.Take(3)))).Append("\"></i>");
        }

        page.Append("</div>\n");
    }

    private static void Tables(StringBuilder page, IEnumerable<ReportTable> tables)
    {
        foreach (var table in tables)
        {
            page.Append("<h3>").Append(Escape(table.Title)).Append("</h3>\n");
            Table(page, table);
        }
    }

    private static void Table(StringBuilder page, ReportTable table)
    {
        page.Append("<div class=\"scroll\"><table><thead><tr>");
        foreach (var column in table.Columns)
        {
            page.Append("<th>").Append(Escape(column)).Append("</th>");
        }

        page.Append("</tr></thead><tbody>\n");
        foreach (var row in table.Rows)
        {
            page.Append("<tr>");
            foreach (var cell in row)
            {
                page.Append("<td>").Append(Escape(cell)).Append("</td>");
            }

            page.Append("</tr>\n");
        }

        page.Append("</tbody></table></div>\n");
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
