namespace Tandem.Cli.Inspection;

/// <summary>One table of a report, ready for a terminal or a page.</summary>
/// <param name="Title">Heading.</param>
/// <param name="Columns">Column names.</param>
/// <param name="Rows">Cells as text.</param>
internal sealed record ReportTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);
