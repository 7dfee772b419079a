using Tandem.Plugins.Cpu.Nodes;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>
/// Finds element-wise nodes whose results, of one shape, are read by the next alone, and makes one node of each such tree: what lies between stays in the
/// first-level cache.
/// </summary>
internal static class ElementwiseFusion
{
    /// <summary>Replaces what it finds, at the place of the tree's last node.</summary>
    public static void Fuse(GraphValue[] values, List<Node> nodes, int[] readers)
    {
        var producers = new Dictionary<int, int>();
        var readByElementwise = new HashSet<int>();
        for (var i = 0; i < nodes.Count; i++)
        {
            if (IsElementwise(nodes[i]))
            {
                producers[nodes[i].Outputs[0]] = i;
                foreach (var input in nodes[i].Inputs)
                {
                    if (IsPrivate(input) && values[input].Shape.Equals(values[nodes[i].Outputs[0]].Shape))
                    {
                        readByElementwise.Add(input);
                    }
                }
            }
        }

        var replaced = new HashSet<Node>();
        for (var i = nodes.Count - 1; i >= 0; i--)
        {
            if (!IsElementwise(nodes[i]) || replaced.Contains(nodes[i]))
            {
                continue;
            }

            // Their order is kept: it is one in which they can run.
            var parts = new SortedSet<int> { i };
            Collect(i, parts);
            if (parts.Count > 1)
            {
                var fused = parts.Select(part => nodes[part]).ToArray();
                nodes[i] = new ElementwiseTreeNode(fused);
                replaced.UnionWith(fused);
            }
        }

        nodes.RemoveAll(replaced.Contains);

        void Collect(int reader, SortedSet<int> parts)
        {
            foreach (var input in nodes[reader].Inputs)
            {
                if (parts.Count < ElementwiseTreeNode.MaxParts && readByElementwise.Contains(input) && producers.TryGetValue(input, out var producer)
                    && parts.Add(producer))
                {
                    Collect(producer, parts);
                }
            }
        }

        bool IsPrivate(int value) => readers[value] == 1 && values[value] is { Kind: ValueKind.Internal, ScalarType: ScalarType.Float };

        bool IsElementwise(Node node) => node is UnaryNode or BinaryNode && values[node.Outputs[0]].ScalarType == ScalarType.Float;
    }
}
