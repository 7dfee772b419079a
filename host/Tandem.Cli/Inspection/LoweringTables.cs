using System.Globalization;
using Tandem.Host.Diagnostics.Reports;
using Tandem.Host.Lowering;

namespace Tandem.Cli.Inspection;

/// <summary>Turns what a lowering did, or what a file says about it, into tables.</summary>
internal static class LoweringTables
{
    /// <summary>Nodes of each method by who runs them, and partitions.</summary>
    public static ReportTable Methods(LoweringRecord record) => new("Lowered methods",
        ["method", "nodes", .. record.Backends.Select(backend => $"{backend.BackendId} ({backend.Plugin})"), "host", "partitions", "keys that they read", "of these shared"],
        [.. record.Methods.Select(method =>
        {
            var keys = method.Partitions.SelectMany(partition => partition.NamedDataKeys).Distinct(StringComparer.Ordinal).ToList();
            return (IReadOnlyList<string>)
            [
                method.Name,
                Text(method.Nodes.Count),
                .. record.Backends.Select(backend => Text(method.Nodes.Count(node => node.Partition >= 0 && method.Partitions[node.Partition].BackendId == backend.BackendId))),
                Text(method.Nodes.Count(node => node.Partition < 0)),
                Text(method.Partitions.Count),
                Text(keys.Count),
                Text(keys.Count(key => record.Methods.Sum(other => other.Partitions.Count(partition => partition.NamedDataKeys.Contains(key))) > 1)),
            ];
        })]);

    /// <summary>Every node: who took it, who refused it and why.</summary>
    public static IEnumerable<ReportTable> Nodes(LoweringRecord record) => record.Methods.Select(method => new ReportTable($"Nodes of {method.Name}", ["node", "operator", "taken by", "refused by"],
        [.. method.Nodes.Select(node => (IReadOnlyList<string>)
        [
            node.Name,
            node.Operator,
            node.Partition < 0 ? "host" : $"{method.Partitions[node.Partition].BackendId}, partition {node.Partition}",
            string.Join("; ", node.Refusals.Select(refusal => $"{refusal.BackendId}: {refusal.Reason}")),
        ])]));

    /// <summary>Which partition reads which data.</summary>
    public static ReportTable Partitions(LoweringRecord record) => new("Partitions", ["method", "#", "backend", "nodes", "reads"],
        [.. record.Methods.SelectMany(method => method.Partitions.Select(partition => (IReadOnlyList<string>)
        [
            method.Name,
            Text(partition.Index),
            partition.BackendId,
            Text(method.Nodes.Count(node => node.Partition == partition.Index)),
            string.Join(", ", partition.NamedDataKeys.Take(3)) + (partition.NamedDataKeys.Count > 3 ? $" and {partition.NamedDataKeys.Count - 3} more" : ""),
        ]))]);

    /// <summary>Where bytes went, and what sharing saved.</summary>
    public static ReportTable Sizes(LoweringReport report)
    {
        var rows = new List<IReadOnlyList<string>>();
        if (report.ArchiveBytes > 0)
        {
            rows.Add(["archive", Inspection.Sizes.Format(report.ArchiveBytes), ""]);
        }

        rows.AddRange(report.Files.Select(file => (IReadOnlyList<string>)[Path.GetFileName(file.Path), Inspection.Sizes.Format(file.ByteCount), "written"]));
        rows.Add(["weights", Inspection.Sizes.Format(report.Sizes.WeightBytes), "stored, each content once"]);
        rows.Add(["payloads", Inspection.Sizes.Format(report.Sizes.PayloadBytes), "of all partitions"]);
        rows.Add(["shared", Inspection.Sizes.Format(report.Sizes.SharedBytes), "not stored again"]);
        rows.Add(["without sharing", Inspection.Sizes.Format(report.Sizes.UnsharedBytes), "every partition and method with its own copy"]);
        return new ReportTable("Sizes", ["what", "size", ""], rows);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
