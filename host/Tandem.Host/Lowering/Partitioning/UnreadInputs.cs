using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Partitioning;

/// <summary>Drops parameters, buffers and constants that only delegates read, from control flow as well as from the method.</summary>
internal static class UnreadInputs
{
    /// <summary>Drops what is not read. User inputs and changed buffers stay.</summary>
    internal static ExportedMethod Drop(ExportedMethod method)
    {
        var graph = DropOperands(method.Graph);
        var read = ReadIn(graph);
        var kept = Enumerable.Range(0, graph.Inputs.Length).Where(i => method.Signature.Inputs[i] is var input
            && (input.Kind == GraphInputKind.UserInput || read.Contains(input.ValueName) || (input.QualifiedName is { } name && method.Signature.IsMutated(name)))).ToList();
        if (kept.Count == graph.Inputs.Length)
        {
            return ReferenceEquals(graph, method.Graph) ? method : method with { Graph = graph };
        }

        return method with
        {
            Graph = graph with { Inputs = [.. kept.Select(i => graph.Inputs[i])] },
            Signature = method.Signature with { Inputs = [.. kept.Select(i => method.Signature.Inputs[i])] },
        };
    }

    private static ExportedGraph DropOperands(ExportedGraph graph)
    {
        var nodes = graph.Nodes.Select(node => DropOperands(NestedGraphs.Replace(node, DropOperands))).ToImmutableArray();
        return nodes.Zip(graph.Nodes).All(pair => ReferenceEquals(pair.First, pair.Second)) ? graph : graph with { Nodes = nodes };
    }

    // An operand goes only if none of the nested graphs reads it.
    private static GraphNode DropOperands(GraphNode node)
    {
        if (NestedGraphs.InvariantArgument(node) is not (>= 0 and var at) || node.Arguments[at].Value is not GraphArgument.List operands)
        {
            return node;
        }

        var graphs = NestedGraphs.Of(node).ToList();
        var unread = Enumerable.Range(0, operands.Items.Length).Where(i => graphs.All(graph => graph.Inputs.Length >= operands.Items.Length
            && !ReadIn(graph).Contains(graph.Inputs[graph.Inputs.Length - operands.Items.Length + i].Name))).ToHashSet();
        if (graphs.Count == 0 || unread.Count == 0)
        {
            return node;
        }

        var count = operands.Items.Length;
        var list = new GraphArgument.List([.. operands.Items.Where((_, i) => !unread.Contains(i))]);
        node = NestedGraphs.Replace(node, graph => graph with
        {
            Inputs = [.. graph.Inputs.Where((_, i) => !unread.Contains(i - (graph.Inputs.Length - count)))],
        });
        return node with { Arguments = node.Arguments.SetItem(at, node.Arguments[at] with { Value = list }) };
    }

    private static HashSet<string> ReadIn(ExportedGraph graph) =>
        graph.Nodes.SelectMany(node => node.References()).Concat(graph.Outputs.SelectMany(output => output.References())).ToHashSet(StringComparer.Ordinal);
}
