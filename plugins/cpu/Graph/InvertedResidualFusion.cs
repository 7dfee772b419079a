using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.Nodes;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>Joins convolutions that follow one another as in MobileNetV2, and that nobody else reads, to one node.</summary>
internal static class InvertedResidualFusion
{
    /// <summary>Rewrites the list in place.</summary>
    /// <param name="values">The graph's values.</param>
    /// <param name="nodes">Its nodes in order.</param>
    /// <param name="readers">How many nodes read each value.</param>
    public static void Fuse(GraphValue[] values, List<Node> nodes, int[] readers)
    {
        var producers = new Dictionary<int, ConvolutionNode>();
        var joined = new HashSet<Node>();
        for (var i = 0; i < nodes.Count; i++)
        {
            if (nodes[i] is not ConvolutionNode node)
            {
                continue;
            }

            producers[node.Outputs[0]] = node;
            if (!InvertedResidualNode.IsProduct(node) || Alone(node.Inputs[0]) is not { } depthwise || !InvertedResidualNode.IsMiddle(depthwise))
            {
                continue;
            }

            var expand = Alone(depthwise.Inputs[0]) is { } first && InvertedResidualNode.IsFirst(first) ? first : null;
            var sum = Sum(i, node, expand ?? depthwise, depthwise);
            producers.Remove(node.Outputs[0]);
            joined.Add(depthwise);
            if (expand is not null)
            {
                joined.Add(expand);
            }

            var block = new InvertedResidualNode(expand, depthwise, node, sum);
            if (sum is null)
            {
                nodes[i] = block;
            }
            else
            {
                joined.Add(node);
                nodes[nodes.IndexOf(sum)] = block;
            }
        }

        nodes.RemoveAll(joined.Contains);

        // What nobody but one node reads.
        ConvolutionNode? Alone(int value) => values[value].Kind == ValueKind.Internal && readers[value] == 1 ? producers.GetValueOrDefault(value) : null;

        BinaryNode? Sum(int position, ConvolutionNode project, ConvolutionNode first, ConvolutionNode depthwise)
        {
            var result = project.Outputs[0];
            if (values[result].Kind != ValueKind.Internal || readers[result] != 1 || !(first == depthwise || InvertedResidualNode.IsProduct(first))
                || !InvertedResidualNode.KeepsSizes(depthwise, first.Geometry.Parameters.InputChannels, project.Geometry.Parameters.OutputChannels))
            {
                return null;
            }

            var sum = nodes.Skip(position + 1).OfType<BinaryNode>().FirstOrDefault(node => node.Inputs.Contains(result));
            return sum is { Kind: BinaryKind.Add } && sum.Inputs.Contains(first.Inputs[0]) ? sum : null;
        }
    }
}
