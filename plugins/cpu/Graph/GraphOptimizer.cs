using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.Nodes;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>Rewrites of the node list that change no result.</summary>
internal static class GraphOptimizer
{
    /// <summary>Drops nodes that nobody reads, then fuses.</summary>
    public static void Optimize(GraphValue[] values, List<Node> nodes, InstructionSet instructionSet)
    {
        SkipGuards(nodes);
        RemoveDead(values, nodes);
        var readers = CountReaders(values.Length, nodes);
        FuseClamps(values, nodes, readers);
        FuseSilu(values, nodes, readers, instructionSet);
        InvertedResidualFusion.Fuse(values, nodes, readers);
        AttentionFusion.Fuse(values, nodes, readers);
        RotaryFusion.Fuse(values, nodes, readers);
        ElementwiseFusion.Fuse(values, nodes, CountReaders(values.Length, nodes));
        JoinSiblings(nodes);
    }

    /// <summary>
    /// A sigmoid that reads a clamp to where it is 0 or 1 already reads the clamp's operand: payloads have such clamps for XNNPACK's sake, whose sigmoid
    /// fails near the largest numbers.
    /// </summary>
    private static void SkipGuards(List<Node> nodes)
    {
        const float Saturated = 104;
        var guards = new Dictionary<int, int>();
        foreach (var node in nodes)
        {
            if (node is UnaryNode { Kind: UnaryKind.Clamp, A: <= -Saturated, B: >= Saturated } clamp)
            {
                guards.Add(clamp.Outputs[0], clamp.Inputs[0]);
            }
            else if (node is UnaryNode { Kind: UnaryKind.Sigmoid } && guards.TryGetValue(node.Inputs[0], out var operand))
            {
                node.Inputs[0] = operand;
            }
        }
    }

    private static void RemoveDead(GraphValue[] values, List<Node> nodes)
    {
        var isRead = new bool[values.Length];
        var kept = new List<Node>(nodes.Count);
        for (var i = nodes.Count - 1; i >= 0; i--)
        {
            var isNeeded = false;
            foreach (var output in nodes[i].Outputs)
            {
                isNeeded |= isRead[output] || values[output].Kind == ValueKind.Output;
            }

            if (isNeeded)
            {
                foreach (var input in nodes[i].Inputs)
                {
                    isRead[input] = true;
                }

                kept.Add(nodes[i]);
            }
        }

        kept.Reverse();
        nodes.Clear();
        nodes.AddRange(kept);
    }

    private static int[] CountReaders(int valueCount, List<Node> nodes)
    {
        var readers = new int[valueCount];
        foreach (var node in nodes)
        {
            foreach (var input in node.Inputs)
            {
                readers[input]++;
            }
        }

        return readers;
    }

    /// <summary>A clamp that alone reads a result becomes the bounds of the node that computes it.</summary>
    private static void FuseClamps(GraphValue[] values, List<Node> nodes, int[] readers)
    {
        var producer = new Node?[values.Length];
        nodes.RemoveAll(node =>
        {
            if (node is UnaryNode { Kind: UnaryKind.Clamp } or QuantizedTableNode && values[node.Inputs[0]].Kind == ValueKind.Internal
                && readers[node.Inputs[0]] == 1 && producer[node.Inputs[0]] is { Outputs.Length: 1 } source && TakesBounds(source, node))
            {
                source.Outputs[0] = node.Outputs[0];
                producer[node.Outputs[0]] = source;
                return true;
            }

            foreach (var output in node.Outputs)
            {
                producer[output] = node;
            }

            return false;
        });
    }

    private static bool TakesBounds(Node source, Node clamp) => clamp switch
    {
        UnaryNode unary => source.TryFuseClamp(unary.A, unary.B),
        QuantizedTableNode table => table.AsBounds() is var (minimum, maximum) && source.TryFuseCodeBounds(minimum, maximum),
        _ => false,
    };

    /// <summary>x sigmoid(x) in one pass.</summary>
    private static void FuseSilu(GraphValue[] values, List<Node> nodes, int[] readers, InstructionSet instructionSet)
    {
        var sigmoids = new Dictionary<int, UnaryNode>();
        var replaced = new HashSet<Node>();
        for (var i = 0; i < nodes.Count; i++)
        {
            switch (nodes[i])
            {
                case UnaryNode { Kind: UnaryKind.Sigmoid } sigmoid when readers[sigmoid.Outputs[0]] == 1 && values[sigmoid.Outputs[0]].Kind == ValueKind.Internal:
                    sigmoids.Add(sigmoid.Outputs[0], sigmoid);
                    break;
                case BinaryNode { Kind: BinaryKind.Multiply, Minimum: float.NegativeInfinity, Maximum: float.PositiveInfinity } product:
                    for (var operand = 0; operand < 2; operand++)
                    {
                        if (sigmoids.TryGetValue(product.Inputs[operand], out var gate) && gate.Inputs[0] == product.Inputs[1 - operand])
                        {
                            nodes[i] = new UnaryNode(product.Source, UnaryKind.Silu, instructionSet, gate.Inputs[0], product.Outputs[0]);
                            replaced.Add(gate);
                            break;
                        }
                    }

                    break;
                default:
                    break;
            }
        }

        nodes.RemoveAll(replaced.Contains);
    }

    /// <summary>Products of the same rows, quantised while running, become one node at the place of the first.</summary>
    private static void JoinSiblings(List<Node> nodes)
    {
        var first = new Dictionary<int, int>();
        for (var i = 0; i < nodes.Count; i++)
        {
            if (nodes[i] is not DynamicRowsFullyConnectedNode node)
            {
                continue;
            }

            if (first.TryGetValue(node.Inputs[0], out var earlier))
            {
                if (((DynamicRowsFullyConnectedNode)nodes[earlier]).Join(node) is { } joined)
                {
                    nodes[earlier] = joined;
                    nodes.RemoveAt(i--);
                }
            }
            else
            {
                first.Add(node.Inputs[0], i);
            }
        }
    }
}
