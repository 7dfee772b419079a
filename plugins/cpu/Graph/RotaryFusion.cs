using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.Nodes;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>
/// Finds concatenate(a * c - b * s, b * c' + a * s') of the halves (a, b) of a value's last dimension, whose steps nobody else reads, and the transposition
/// behind it, and makes one node of them.
/// </summary>
/// <remarks>Runs for every graph while a program loads: nothing is collected before a concatenation is found.</remarks>
internal static class RotaryFusion
{
    /// <summary>Replaces what it finds, at the place of the last node.</summary>
    public static void Fuse(GraphValue[] values, List<Node> nodes, int[] readers)
    {
        Dictionary<int, Node>? producers = null;
        HashSet<Node>? replaced = null;
        for (var i = 0; i < nodes.Count; i++)
        {
            if (nodes[i] is not ConcatenateNode { Inputs.Length: 2 } concatenate || !IsLast(concatenate))
            {
                continue;
            }

            if (producers is null)
            {
                producers = [];
                foreach (var node in nodes)
                {
                    foreach (var output in node.Outputs)
                    {
                        producers[output] = node;
                    }
                }
            }

            Match(concatenate, i);
        }

        if (replaced is not null)
        {
            nodes.RemoveAll(replaced.Contains);
        }

        void Match(ConcatenateNode concatenate, int place)
        {
            if (values[concatenate.Outputs[0]].ScalarType != Sdk.ScalarType.Float
                || Private(concatenate.Inputs[0], 1) is not BinaryNode { Kind: BinaryKind.Subtract } difference || !IsUnbounded(difference)
                || Private(concatenate.Inputs[1], 1) is not BinaryNode { Kind: BinaryKind.Add } sum || !IsUnbounded(sum)
                || Product(difference.Inputs[0]) is not { } first || Product(difference.Inputs[1]) is not { } second
                || Product(sum.Inputs[0]) is not { } third || Product(sum.Inputs[1]) is not { } fourth
                || Half(first.Inputs, second.Inputs) is not var (a, b, c, s))
            {
                return;
            }

            // The sum's operands stand in either order.
            var (own, other) = third.Inputs.Contains(b) ? (third, fourth) : (fourth, third);
            if (!own.Inputs.Contains(b) || !other.Inputs.Contains(a))
            {
                return;
            }

            int[] factors = [c, s, Other(own.Inputs, b), Other(other.Inputs, a)];
            var whole = producers![a].Inputs[0];
            if (!Fit(whole, factors))
            {
                return;
            }

            replaced ??= [];
            foreach (var node in (ReadOnlySpan<Node>)[difference, sum, first, second, third, fourth])
            {
                replaced.Add(node);
            }

            foreach (var half in (ReadOnlySpan<int>)[a, b])
            {
                if (readers[half] == 2 && values[half].Kind == ValueKind.Internal)
                {
                    replaced.Add(producers[half]);
                }
            }

            var (result, permutation, source) = (concatenate.Outputs[0], (int[]?)null, concatenate.Source);
            if (FollowingTransposition(result, place) is var (transposition, at))
            {
                replaced.Add(concatenate);
                (result, permutation, source, place) = (transposition.Outputs[0], transposition.Permutation, transposition.Source, at);
            }

            nodes[place] = new RotaryNode(source, difference.InstructionSet, whole, factors, permutation, result);
        }

        Node? Private(int value, int readerCount) =>
            readers[value] == readerCount && values[value].Kind == ValueKind.Internal && producers!.TryGetValue(value, out var node) ? node : null;

        BinaryNode? Product(int value) => Private(value, 1) is BinaryNode { Kind: BinaryKind.Multiply } node && IsUnbounded(node) ? node : null;

        // The first half is read by the first product, the second by the second; what they are multiplied with stands on either side.
        (int A, int B, int C, int S)? Half(int[] first, int[] second)
        {
            for (var i = 0; i < 2; i++)
            {
                for (var j = 0; j < 2; j++)
                {
                    if (producers!.TryGetValue(first[i], out var x) && x is SliceNode low && producers.TryGetValue(second[j], out var y) && y is SliceNode high
                        && low.Inputs[0] == high.Inputs[0] && Cuts(low, false) && Cuts(high, true))
                    {
                        return (first[i], second[j], first[1 - i], second[1 - j]);
                    }
                }
            }

            return null;
        }

        bool Cuts(SliceNode slice, bool isSecond)
        {
            var (whole, half) = (values[slice.Inputs[0]].Shape, values[slice.Outputs[0]].Shape);
            var isCut = whole.Rank >= 1 && half.Rank == whole.Rank && slice.Offsets.Length == whole.Rank && whole.FromEnd(1) == 2L * half.FromEnd(1)
                && slice.Offsets[^1] == (isSecond ? half.FromEnd(1) : 0);
            for (var i = 2; isCut && i <= whole.Rank; i++)
            {
                isCut = slice.Offsets[^i] == 0 && half.FromEnd(i) == whole.FromEnd(i);
            }

            return isCut;
        }

        bool Fit(int whole, int[] factors)
        {
            var (shape, factor) = (values[whole].Shape, values[factors[0]].Shape);
            var isFit = values[whole].ScalarType == Sdk.ScalarType.Float && factor.Rank >= 1 && factor.Rank <= shape.Rank && shape.FromEnd(1) == 2L * factor.FromEnd(1);
            for (var i = 2; isFit && i <= factor.Rank; i++)
            {
                isFit = factor.FromEnd(i) == 1 || factor.FromEnd(i) == shape.FromEnd(i);
            }

            foreach (var other in factors)
            {
                isFit = isFit && values[other].Shape.Equals(factor) && values[other].ScalarType == Sdk.ScalarType.Float;
            }

            return isFit;
        }

        (TransposeNode Node, int Place)? FollowingTransposition(int value, int place)
        {
            for (var i = place + 1; readers[value] == 1 && values[value].Kind == ValueKind.Internal && i < nodes.Count; i++)
            {
                if (nodes[i].Inputs.Contains(value))
                {
                    return nodes[i] is TransposeNode { Permutation: var order } node && order.Length == values[value].Shape.Rank && order[^1] == order.Length - 1
                        ? (node, i) : null;
                }
            }

            return null;
        }

        bool IsLast(ConcatenateNode node) => node.Axis == -1 || node.Axis == values[node.Outputs[0]].Shape.Rank - 1;

        static int Other(int[] inputs, int value) => inputs[0] == value ? inputs[1] : inputs[0];

        static bool IsUnbounded(BinaryNode node) => float.IsNegativeInfinity(node.Minimum) && float.IsPositiveInfinity(node.Maximum);
    }
}
