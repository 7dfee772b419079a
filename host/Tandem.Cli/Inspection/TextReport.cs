using Spectre.Console;
using Tandem.Host.Diagnostics.Reports;

namespace Tandem.Cli.Inspection;

/// <summary>A report on the terminal.</summary>
internal static class TextReport
{
    /// <summary>Prints a program's report.</summary>
    /// <param name="console">Where to print.</param>
    /// <param name="report">The report.</param>
    /// <param name="withDetails">Whether to print instructions and payload nodes.</param>
    /// <param name="explain">Whether to print who took and refused each node when the program was lowered.</param>
    public static void Print(IAnsiConsole console, ProgramReport report, bool withDetails, bool explain = false)
    {
        Print(console, ReportTables.OfProgram(report));
        Print(console, ReportTables.OfLowering(report, explain));
        foreach (var method in report.Methods)
        {
            console.MarkupLineInterpolated($"[bold]method {method.Name}[/]: {method.Instructions.Count} instructions");
            Print(console, ReportTables.OfMethod(method));
            if (withDetails)
            {
                Print(console, ReportTables.DetailsOfMethod(method));
            }
        }

        foreach (var warning in report.Warnings)
        {
            console.MarkupLineInterpolated($"[yellow]warning[/]: {warning}");
        }
    }

    /// <summary>Prints one table.</summary>
    public static void Print(IAnsiConsole console, ReportTable table)
    {
        var view = new Table { Title = new TableTitle(Markup.Escape(table.Title)), Border = TableBorder.Simple };
        foreach (var column in table.Columns)
        {
            view.AddColumn(Markup.Escape(column));
        }

        foreach (var row in table.Rows)
        {
            view.AddRow([.. row.Select(Markup.Escape)]);
        }

        console.Write(view);
    }

    private static void Print(IAnsiConsole console, IEnumerable<ReportTable> tables)
    {
        foreach (var table in tables)
        {
            Print(console, table);
        }
    }
}
