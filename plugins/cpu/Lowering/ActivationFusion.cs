using Tandem.Plugins.Cpu.Payload;

namespace Tandem.Plugins.Cpu.Lowering;

/// <summary>Takes a clamp into the node that computes its operand, where that node has bounds and nothing else reads the result.</summary>
internal static class ActivationFusion
{
    /// <summary>Fuses what can be fused.</summary>
    /// <param name="nodes">The nodes, in the order in which they run.</param>
    /// <param name="isOutput">Whether a value is a result of the graph.</param>
    /// <param name="fused">Gets the debug handles of a remaining node and of one that it stands for too.</param>
    /// <returns>The nodes that remain.</returns>
    public static List<PayloadOperation> Apply(IReadOnlyList<PayloadOperation> nodes, Func<uint, bool> isOutput, Action<int, int> fused)
    {
        var readers = new Dictionary<uint, int>();
        foreach (var id in nodes.SelectMany(node => node.Inputs))
        {
            readers[id] = readers.GetValueOrDefault(id) + 1;
        }

        var result = new List<PayloadOperation>();
        var producers = new Dictionary<uint, int>();
        foreach (var node in nodes)
        {
            if (node.Kind == PayloadNodeKind.Clamp && producers.TryGetValue(node.Inputs[0], out var position) && TakesBounds(result[position].Kind)
                && readers[node.Inputs[0]] == 1 && !isOutput(node.Inputs[0]))
            {
                var producer = result[position];
                fused(producer.Source.DebugHandle, node.Source.DebugHandle);
                result[position] = producer with
                {
                    Outputs = node.Outputs,
                    Minimum = Math.Clamp(producer.Minimum, node.Minimum, node.Maximum),
                    Maximum = Math.Clamp(producer.Maximum, node.Minimum, node.Maximum),
                };
                producers[node.Outputs[0]] = position;
                continue;
            }

            producers[node.Outputs[0]] = result.Count;
            result.Add(node);
        }

        return result;
    }

    private static bool TakesBounds(PayloadNodeKind kind) => kind is PayloadNodeKind.Add or PayloadNodeKind.Subtract or PayloadNodeKind.Multiply or PayloadNodeKind.Div
        or PayloadNodeKind.FullyConnected or PayloadNodeKind.Conv2d or PayloadNodeKind.DepthwiseConv2d or PayloadNodeKind.ConvTranspose2d
        or PayloadNodeKind.AvgPooling2d or PayloadNodeKind.MaxPooling2d or PayloadNodeKind.Clamp;
}
