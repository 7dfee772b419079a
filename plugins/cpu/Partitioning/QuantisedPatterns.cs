using Tandem.Plugins.Cpu.Lowering;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Partitioning;

/// <summary>Finds what belongs to quantised patterns, which float payloads would only tear apart.</summary>
internal static class QuantisedPatterns
{
    // What quantising and dequantising consist of once passes have taken them apart.
    private static readonly HashSet<string> s_arithmetic = new(StringComparer.Ordinal)
    {
        "aten::add", "aten::sub", "aten::rsub", "aten::mul", "aten::div", "aten::reciprocal", "aten::clamp", "aten::round", "aten::view_copy",
        "aten::expand_copy", "dim_order_ops::_to_dim_order_copy",
    };

    /// <summary>Says for each node why it is left to its pattern.</summary>
    /// <param name="view">The graph.</param>
    /// <returns>A reason, or null.</returns>
    public static string?[] Find(GraphView view)
    {
        var nodes = view.Graph.Nodes;
        var reasons = new string?[nodes.Length];
        var core = new Queue<int>(Enumerable.Range(0, nodes.Length).Where(i => OperatorTable.IsQuantised(nodes[i].Operator) || HasInt8(view, nodes[i])));
        var inside = core.ToHashSet();
        while (core.TryDequeue(out var i))
        {
            if (!OperatorTable.IsQuantised(nodes[i].Operator))
            {
                reasons[i] = $"{nodes[i].FullName} belongs to a quantised pattern; this plugin writes float payloads";
            }

            foreach (var neighbour in Neighbours(view, i).Where(neighbour => !inside.Contains(neighbour)))
            {
                if (s_arithmetic.Contains(nodes[neighbour].Operator) && !OperatorTable.IsQuantised(nodes[i].Operator))
                {
                    inside.Add(neighbour);
                    core.Enqueue(neighbour);
                }
                else
                {
                    reasons[neighbour] = $"it belongs to a quantised pattern, beside {nodes[i]}; this plugin writes float payloads";
                }
            }
        }

        return reasons;
    }

    private static IEnumerable<int> Neighbours(GraphView view, int node) =>
        view.Predecessors(node).Concat(view.Graph.Nodes[node].Outputs.SelectMany(output => view.Readers(output.Name)));

    private static bool HasInt8(GraphView view, GraphNode node) => node.References().Select(view.Find).Concat(node.Outputs)
        .Any(static value => value?.Tensor?.ScalarType == ScalarType.Char);
}
