using Tandem.Plugins.Cpu.Graph;

namespace Tandem.Plugins.Cpu.Payload;

/// <summary>
/// Old exports state at a float input that it is quantised while running. What they mean is written out here: a quantised value, a Convert that
/// computes it, and nodes that read it.
/// </summary>
internal static class LegacyDynamicInputs
{
    /// <summary>The same graph without such inputs.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="inputs">Positions of the inputs in its values.</param>
    public static PayloadGraph WriteOut(PayloadGraph graph, List<int> inputs)
    {
        if (inputs.Count == 0)
        {
            return graph;
        }

        var taken = new HashSet<uint>();
        foreach (var value in graph.Values)
        {
            taken.Add(value.Id);
        }

        var values = new List<PayloadValue>(graph.Values);
        var nodes = new List<PayloadOperation>();
        var quantized = new Dictionary<uint, uint>();
        var id = PayloadValue.NoId - 1;
        foreach (var index in inputs)
        {
            while (!taken.Add(id))
            {
                id--;
            }

            var input = graph.Values[index];
            values.Add(new PayloadValue(
                id, PayloadDatatype.QDInt8, input.Shape, 0, PayloadValue.NoId, 0, new PayloadQuantization.PerTokenDynamic(1)));
            nodes.Add(new PayloadOperation
            {
                Kind = PayloadNodeKind.Convert,
                Source = new NodeSource(PayloadNames.Of(PayloadNodeKind.Convert), -1, -1),
                Inputs = [input.Id],
                Outputs = [id],
            });
            quantized[input.Id] = id;
        }

        foreach (var node in graph.Nodes)
        {
            nodes.Add(node with { Inputs = Array.ConvertAll(node.Inputs, operand => quantized.GetValueOrDefault(operand, operand)) });
        }

        return graph with { Values = [.. values], Nodes = [.. nodes] };
    }
}
