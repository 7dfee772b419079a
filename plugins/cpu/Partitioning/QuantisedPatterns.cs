using Tandem.Plugins.Cpu.Lowering;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Partitioning;

/// <summary>Keeps together what belongs to one quantised pattern: all of it in a payload, or none.</summary>
internal static class QuantisedPatterns
{
    // What quantising and dequantising consist of once passes have taken them apart.
    private static readonly HashSet<string> s_arithmetic = new(StringComparer.Ordinal)
    {
        "aten::add", "aten::sub", "aten::rsub", "aten::mul", "aten::div", "aten::reciprocal", "aten::clamp", "aten::round", "aten::view_copy",
        "aten::expand_copy", "dim_order_ops::_to_dim_order_copy",
    };

    /// <summary>Whether an operator quantises, dequantises, or chooses the parameters for it.</summary>
    public static bool IsQuantisation(GraphNode node) =>
        node.Operator.StartsWith("quantized_decomposed::", StringComparison.Ordinal) || node.Operator.StartsWith("torchao::", StringComparison.Ordinal);

    /// <summary>Whether an operator gives the numbers that codes with known parameters stand for.</summary>
    public static bool IsDequantisation(GraphNode node) => node.FullName == "quantized_decomposed::dequantize_per_tensor";

    /// <summary>Refuses what remains of patterns of which a part was refused.</summary>
    /// <param name="view">The graph.</param>
    /// <param name="reasons">For each node why it is refused, or null; gets further reasons.</param>
    public static void RefuseTorn(GraphView view, string?[] reasons)
    {
        // From the end: what is chosen or quantised when called is of use only to readers within the payload.
        var nodes = view.Graph.Nodes;
        var isDynamic = new bool[nodes.Length];
        for (var i = 0; i < nodes.Length; i++)
        {
            isDynamic[i] = IsQuantisation(nodes[i])
                && (nodes[i].Operator.Contains("choose_qparams", StringComparison.Ordinal) || view.Predecessors(i).Any(producer => isDynamic[producer]));
        }

        for (var i = nodes.Length - 1; i >= 0; i--)
        {
            if (reasons[i] is null && isDynamic[i]
                && nodes[i].Outputs.SelectMany(output => view.Readers(output.Name)).FirstOrDefault(reader => reasons[reader] is not null, -1) is >= 0 and var refused)
            {
                reasons[i] = $"{nodes[refused].Name} reads it and is refused ({reasons[refused]}); rows are quantised when called only within a payload";
            }
        }

        RefuseArithmetic(view, reasons);
    }

    private static void RefuseArithmetic(GraphView view, string?[] reasons)
    {
        var nodes = view.Graph.Nodes;
        var core = new Queue<int>(Enumerable.Range(0, nodes.Length).Where(i => reasons[i] is not null && !IsQuantisation(nodes[i]) && HasInt8(view, nodes[i])));
        var inside = core.ToHashSet();
        while (core.TryDequeue(out var i))
        {
            foreach (var neighbour in view.Predecessors(i).Concat(nodes[i].Outputs.SelectMany(output => view.Readers(output.Name))))
            {
                if (s_arithmetic.Contains(nodes[neighbour].Operator) && inside.Add(neighbour))
                {
                    reasons[neighbour] ??= $"it belongs to a quantised pattern that is not taken, beside {nodes[i]}";
                    core.Enqueue(neighbour);
                }
            }
        }
    }

    private static bool HasInt8(GraphView view, GraphNode node) => node.References().Select(view.Find).Concat(node.Outputs)
        .Any(static value => value?.Tensor?.ScalarType == ScalarType.Char);
}
