using Tandem.Plugins.Cpu.Nodes;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>
/// Finds element-wise nodes whose results, of one shape, are read by the next alone, and makes one node of each such tree: what lies between stays in the
/// first-level cache.
/// </summary>
/// <remarks>Runs for every graph while a program loads: plain arrays, no queries.</remarks>
internal static class ElementwiseFusion
{
    /// <summary>Replaces what it finds, at the place of the tree's last node.</summary>
    public static void Fuse(GraphValue[] values, List<Node> nodes, int[] readers)
    {
        // For each value the position of the element-wise node whose result it is, if another one alone reads it: the complement, so that 0 is none.
        var producers = new int[values.Length];
        var isAny = false;
        for (var i = 0; i < nodes.Count; i++)
        {
            if (!IsElementwise(values, nodes[i]))
            {
                continue;
            }

            var output = nodes[i].Outputs[0];
            foreach (var input in nodes[i].Inputs)
            {
                // A producer stands before its reader.
                if (producers[input] < 0 && values[input].Shape.Equals(values[output].Shape))
                {
                    producers[input] = -producers[input];
                    isAny = true;
                }
            }

            if (readers[output] == 1 && values[output].Kind == ValueKind.Internal)
            {
                producers[output] = ~i;
            }
        }

        if (!isAny)
        {
            return;
        }

        var isReplaced = new bool[nodes.Count];
        var parts = new int[ElementwiseTreeNode.MaxParts];
        for (var i = nodes.Count - 1; i >= 0; i--)
        {
            if (isReplaced[i] || !IsElementwise(values, nodes[i]))
            {
                continue;
            }

            parts[0] = i;
            var count = Collect(nodes, producers, parts);
            if (count == 1)
            {
                continue;
            }

            // In their order they can run.
            Array.Sort(parts, 0, count);
            var fused = new Node[count];
            for (var part = 0; part < count; part++)
            {
                fused[part] = nodes[parts[part]];
                isReplaced[parts[part]] = true;
            }

            nodes[i] = new ElementwiseTreeNode(fused);
            isReplaced[i] = false;
        }

        var kept = 0;
        for (var i = 0; i < isReplaced.Length; i++)
        {
            if (!isReplaced[i])
            {
                nodes[kept++] = nodes[i];
            }
        }

        nodes.RemoveRange(kept, nodes.Count - kept);
    }

    /// <summary>Adds to the first of the parts those whose results reach it, until there is no room.</summary>
    private static int Collect(List<Node> nodes, int[] producers, int[] parts)
    {
        var count = 1;
        for (var next = 0; next < count; next++)
        {
            foreach (var input in nodes[parts[next]].Inputs)
            {
                if (producers[input] > 0 && count < parts.Length)
                {
                    parts[count++] = producers[input] - 1;
                }
            }
        }

        return count;
    }

    private static bool IsElementwise(GraphValue[] values, Node node) => node is UnaryNode or BinaryNode && values[node.Outputs[0]].ScalarType == ScalarType.Float;
}
