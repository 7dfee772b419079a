using Tandem.Host.Diagnostics.Reports;

namespace Tandem.Cli.Inspection;

/// <summary>Turns a <see cref="ProgramReport"/> into tables: the one source of the terminal's and the page's text.</summary>
internal static class ReportTables
{
    /// <summary>Tables of the whole program.</summary>
    public static IEnumerable<ReportTable> OfProgram(ProgramReport report)
    {
        yield return new ReportTable("Files", ["file", "format", "bytes", "schema", "program part", "header", "segments from"],
            [.. report.Files.Select(file => Row(file.Name, file.Format, Sizes.Format(file.ByteCount), file.Version, Sizes.Format(file.ProgramByteCount),
                file.HeaderByteCount == 0 ? "none" : $"{file.HeaderByteCount} bytes", file.SegmentBaseOffset))]);
        yield return new ReportTable("Segments", ["#", "offset", "size", "holds"],
            [.. report.Segments.Select(segment => Row(segment.Index, segment.Offset, Sizes.Format(segment.ByteCount), Join(segment.Users)))]);
        if (report.NamedData.Count > 0)
        {
            yield return new ReportTable("Named data", ["key", "size", "layout", "file", "used by"],
                [.. report.NamedData.Select(data => Row(data.Key, Sizes.Format(data.ByteCount), data.Layout ?? "", Path.GetFileName(data.File), Join(data.Users)))]);
        }
    }

    /// <summary>Tables of what the file says about its lowering; none if it says nothing.</summary>
    /// <param name="report">The report.</param>
    /// <param name="withNodes">Whether to show every node.</param>
    public static IEnumerable<ReportTable> OfLowering(ProgramReport report, bool withNodes) => report.Lowering is not { } lowering ? []
        : [LoweringTables.Methods(lowering), .. lowering.Methods.Any(method => method.Partitions.Count > 0) ? [LoweringTables.Partitions(lowering)] : Array.Empty<ReportTable>(),
            .. withNodes ? LoweringTables.Nodes(lowering) : []];

    /// <summary>Tables of one method.</summary>
    public static IEnumerable<ReportTable> OfMethod(MethodReport method)
    {
        yield return new ReportTable("Inputs and outputs", ["", "value", "type", "memory"],
        [
            .. method.Inputs.Select((value, i) => Row($"input {i}", value.ValueIndex, Describe(value), value.Storage)),
            .. method.Outputs.Select((value, i) => Row($"output {i}", value.ValueIndex, Describe(value), value.Storage)),
        ]);
        yield return new ReportTable("Planned memory", ["memory id", "size"],
            [.. method.PlannedBuffers.Select((size, i) => Row(i + 1, Sizes.Format(size)))]);
        if (method.State.Count > 0)
        {
            yield return new ReportTable("Mutable buffers", ["name", "type", "memory", "size", "shared with"],
                [.. method.State.Select(state => Row(state.Name, state.Layout, $"{state.MemoryId} at {state.Offset}", Sizes.Format(state.ByteCount),
                    state.SharedWith.Count == 0 ? "no other method" : string.Join(", ", state.SharedWith)))]);
        }

        if (method.Delegates.Count > 0)
        {
            yield return new ReportTable("Delegates", ["#", "backend", "payload", "plugin", "why", "nodes"],
                [.. method.Delegates.Select(item => Row(item.Index, item.BackendId, Sizes.Format(item.PayloadByteCount), item.Plugin ?? "none",
                    string.Join("; ", item.Refusals.Prepend(item.Reason)), item.PayloadError ?? item.Payload?.Nodes.Count.ToString() ?? "?"))]);
        }

        if (method.Operators.Count > 0)
        {
            yield return new ReportTable("Operators that no backend took", ["operator", "calls", "kernel"],
                [.. method.Operators.Select(item => Row(item.Name, item.CallCount, item.IsRegistered ? "built in" : "MISSING"))]);
        }
    }

    /// <summary>Long tables of one method: instructions and nodes of payloads.</summary>
    public static IEnumerable<ReportTable> DetailsOfMethod(MethodReport method)
    {
        yield return new ReportTable("Instructions", ["#", "kind", "target", "values"],
            [.. method.Instructions.Select(item => Row(item.Index, item.Kind, item.Target, string.Join(" ", item.Arguments)))]);
        foreach (var item in method.Delegates)
        {
            if (item.Payload is { } payload)
            {
                yield return new ReportTable($"Delegate {item.Index}: {payload.Format}", ["#", "node", "operands", "debug handle"],
                    [.. payload.Nodes.Select((node, i) => Row(i, node.Kind, node.Summary, node.DebugHandle))]);
            }
        }
    }

    private static string Describe(ValueReport value) => value.IsDynamic ? $"{value.Description}, dynamic up to this" : value.Description;

    private static string Join(IReadOnlyList<string> users) => users.Count switch
    {
        0 => "nobody named",
        <= 4 => string.Join(", ", users),
        _ => $"{string.Join(", ", users.Take(3))} and {users.Count - 3} more",
    };

    private static IReadOnlyList<string> Row(params object[] cells) => [.. cells.Select(cell => cell.ToString() ?? "")];
}
