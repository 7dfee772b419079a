using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Partitioning;

/// <summary>Ways through the nested graphs of control flow.</summary>
internal static class NestedGraphs
{
    /// <summary>The graphs that a node holds, in the order of its arguments: the true branch before the false one.</summary>
    internal static IEnumerable<ExportedGraph> Of(GraphNode node) => node.Arguments.SelectMany(argument => In(argument.Value));

    /// <summary>All nodes, each before those of its nested graphs.</summary>
    internal static IEnumerable<GraphNode> AllNodes(ExportedGraph graph) => graph.Nodes.SelectMany(node => Of(node).SelectMany(AllNodes).Prepend(node));

    /// <summary>All values, by name, nested graphs included.</summary>
    internal static Dictionary<string, GraphValue> AllValues(ExportedGraph graph)
    {
        var values = new Dictionary<string, GraphValue>(StringComparer.Ordinal);
        Collect(graph, values);
        return values;
    }

    /// <summary>
    /// The operands that come into every nested graph of a control-flow node unchanged, under the name that each nested graph gives them: the operands
    /// of both branches, the invariants of a loop. They are the last inputs of the nested graphs.
    /// </summary>
    /// <param name="node">The node.</param>
    /// <returns>Index of the argument that lists them; -1 if the node has none.</returns>
    internal static int InvariantArgument(GraphNode node)
    {
        if (node.Operator is not ("higher_order::cond" or "higher_order::while_loop" or "higher_order::map_impl" or "higher_order::map" or "higher_order::scan"))
        {
            return -1;
        }

        var last = node.Arguments.Length - 1;
        return last >= 0 && node.Arguments[last].Value is GraphArgument.List list && !list.Items.Any(item => item is GraphArgument.Subgraph) ? last : -1;
    }

    /// <summary>Rebuilds a node with other nested graphs; the same node if none changes.</summary>
    internal static GraphNode Replace(GraphNode node, Func<ExportedGraph, ExportedGraph> replace)
    {
        var arguments = ImmutableArray.CreateBuilder<GraphNamedArgument>(node.Arguments.Length);
        var changed = false;
        foreach (var argument in node.Arguments)
        {
            var value = Replace(argument.Value, replace);
            changed |= !ReferenceEquals(value, argument.Value);
            arguments.Add(argument with { Value = value });
        }

        return changed ? node with { Arguments = arguments.MoveToImmutable() } : node;
    }

    private static GraphArgument Replace(GraphArgument argument, Func<ExportedGraph, ExportedGraph> replace)
    {
        switch (argument)
        {
            case GraphArgument.Subgraph nested:
                var graph = replace(nested.Value);
                return ReferenceEquals(graph, nested.Value) ? argument : new GraphArgument.Subgraph(graph);
            case GraphArgument.List list:
                var items = list.Items.Select(item => Replace(item, replace)).ToImmutableArray();
                return items.Zip(list.Items).All(pair => ReferenceEquals(pair.First, pair.Second)) ? argument : new GraphArgument.List(items);
            default:
                return argument;
        }
    }

    private static IEnumerable<ExportedGraph> In(GraphArgument argument) => argument switch
    {
        GraphArgument.Subgraph nested => [nested.Value],
        GraphArgument.List list => list.Items.SelectMany(In),
        _ => [],
    };

    private static void Collect(ExportedGraph graph, Dictionary<string, GraphValue> values)
    {
        foreach (var value in graph.Inputs)
        {
            values[value.Name] = value;
        }

        foreach (var node in graph.Nodes)
        {
            foreach (var value in node.Outputs)
            {
                values[value.Name] = value;
            }

            foreach (var nested in Of(node))
            {
                Collect(nested, values);
            }
        }
    }
}
