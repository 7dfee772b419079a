using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.Nodes;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>Finds softmax(query * key [* scale] [+ mask]) * value, whose steps nobody else reads, and makes one node of it.</summary>
internal static unsafe class AttentionFusion
{
    /// <summary>Replaces what it finds, at the place of the last product.</summary>
    public static void Fuse(GraphValue[] values, List<Node> nodes, int[] readers)
    {
        var producers = new Dictionary<int, Node>();
        var replaced = new HashSet<Node>();
        for (var i = 0; i < nodes.Count; i++)
        {
            if (nodes[i] is BatchMatrixMultiplyNode { IsTransposed: false } last
                && Private(last.Inputs[0]) is SoftmaxNode softmax
                && Match(softmax, last) is { } fused)
            {
                nodes[i] = fused;
            }

            foreach (var output in nodes[i].Outputs)
            {
                producers[output] = nodes[i];
            }
        }

        nodes.RemoveAll(replaced.Contains);

        Node? Private(int value) =>
            readers[value] == 1 && values[value].Kind == ValueKind.Internal && producers.TryGetValue(value, out var node) ? node : null;

        AttentionNode? Match(SoftmaxNode softmax, BatchMatrixMultiplyNode last)
        {
            var node = Private(softmax.Inputs[0]);
            var parts = new List<Node> { softmax };
            var mask = -1;
            var scale = 1f;
            if (node is BinaryNode { Kind: BinaryKind.Add } add && IsUnbounded(add))
            {
                for (var operand = 0; operand < 2 && mask < 0; operand++)
                {
                    if (IsMask(add.Inputs[1 - operand]) && Private(add.Inputs[operand]) is BinaryNode or BatchMatrixMultiplyNode)
                    {
                        (mask, node) = (add.Inputs[1 - operand], Private(add.Inputs[operand]));
                        parts.Add(add);
                    }
                }
            }

            if (node is BinaryNode { Kind: BinaryKind.Multiply } multiply && IsUnbounded(multiply))
            {
                for (var operand = 0; operand < 2; operand++)
                {
                    if (Scalar(multiply.Inputs[1 - operand]) is { } factor && Private(multiply.Inputs[operand]) is BatchMatrixMultiplyNode product)
                    {
                        (scale, node) = (factor, product);
                        parts.Add(multiply);
                        break;
                    }
                }
            }

            if (node is not BatchMatrixMultiplyNode first || !HaveEqualBatches(first.Inputs[0], first.Inputs[1], last.Inputs[1])
                || (mask >= 0 && !Covers(mask, softmax.Inputs[0])))
            {
                return null;
            }

            parts.Add(first);
            replaced.UnionWith(parts);
            return new AttentionNode(
                last.Source, first.InstructionSet, first.IsTransposed, first.Inputs[0], first.Inputs[1], last.Inputs[1], mask, scale, last.Outputs[0]);
        }

        bool IsMask(int value)
        {
            var shape = values[value].Shape;
            return shape.Rank >= 2 && shape.ElementCount == (long)shape.FromEnd(1) * shape.FromEnd(2);
        }

        bool Covers(int mask, int scores)
        {
            var (shape, whole) = (values[mask].Shape, values[scores].Shape);
            return shape.FromEnd(1) == whole.FromEnd(1) && (shape.FromEnd(2) == 1 || shape.FromEnd(2) == whole.FromEnd(2));
        }

        float? Scalar(int value) =>
            values[value] is { Kind: ValueKind.Constant, ScalarType: Sdk.ScalarType.Float } constant && constant.Shape.ElementCount == 1
                ? *(float*)constant.Data : null;

        bool HaveEqualBatches(int query, int key, int value)
        {
            var (q, k, v) = (values[query].Shape, values[key].Shape, values[value].Shape);
            var isEqual = q.Rank == k.Rank && q.Rank == v.Rank;
            for (var i = 3; isEqual && i <= q.Rank; i++)
            {
                isEqual = q.FromEnd(i) == k.FromEnd(i) && q.FromEnd(i) == v.FromEnd(i);
            }

            return isEqual;
        }

        static bool IsUnbounded(BinaryNode node) => float.IsNegativeInfinity(node.Minimum) && float.IsPositiveInfinity(node.Maximum);
    }
}
