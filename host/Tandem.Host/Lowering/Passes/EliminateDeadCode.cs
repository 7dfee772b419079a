using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>Removes nodes whose results nobody reads. Graphs are functional when it runs, so that a node does nothing but give results.</summary>
internal sealed class EliminateDeadCode : IGraphPass
{
    public string Name => "eliminate-dead-code";

    public ExportedMethod Run(ExportedMethod method, PassContext context)
    {
        var graph = Sweep(method.Graph);
        return ReferenceEquals(graph, method.Graph) ? method : method with { Graph = graph };
    }

    private static ExportedGraph Sweep(ExportedGraph graph)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var output in graph.Outputs)
        {
            used.UnionWith(output.References());
        }

        var kept = new List<GraphNode>(graph.Nodes.Length);
        var isChanged = false;
        for (var i = graph.Nodes.Length - 1; i >= 0; i--)
        {
            var node = graph.Nodes[i];
            if (node.Outputs.Length > 0 && !node.Outputs.Any(output => used.Contains(output.Name)))
            {
                isChanged = true;
                continue;
            }

            var swept = SweepNested(node);
            isChanged |= !ReferenceEquals(swept, node);
            kept.Add(swept);
            foreach (var argument in swept.Arguments)
            {
                Use(argument.Value, used);
            }
        }

        if (!isChanged)
        {
            return graph;
        }

        kept.Reverse();
        return graph with { Nodes = [.. kept] };
    }

    private static void Use(GraphArgument argument, HashSet<string> used)
    {
        if (argument is GraphArgument.Reference reference)
        {
            used.Add(reference.Name);
        }
        else if (argument is GraphArgument.List list)
        {
            foreach (var item in list.Items)
            {
                Use(item, used);
            }
        }
    }

    private static GraphNode SweepNested(GraphNode node)
    {
        ImmutableArray<GraphNamedArgument>.Builder? changed = null;
        for (var i = 0; i < node.Arguments.Length; i++)
        {
            if (node.Arguments[i].Value is GraphArgument.Subgraph nested && Sweep(nested.Value) is var graph && !ReferenceEquals(graph, nested.Value))
            {
                changed ??= node.Arguments.ToBuilder();
                changed[i] = node.Arguments[i] with { Value = new GraphArgument.Subgraph(graph) };
            }
        }

        return changed is null ? node : node with { Arguments = changed.MoveToImmutable() };
    }
}
