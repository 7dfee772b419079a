using System.Runtime.InteropServices;
using Tandem.Host.Lowering.Decomposition;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>Puts a batch norm of constants into the constants of the convolution or linear layer before it.</summary>
internal sealed class FoldBatchNorm : IGraphPass
{
    public string Name => "fold-batch-norm";

    public ExportedMethod Run(ExportedMethod method, PassContext context)
    {
        if (!method.Graph.Nodes.Any(node => node.Operator == "aten::_native_batch_norm_legit_no_training"))
        {
            return method;
        }

        var uses = method.Graph.Nodes.SelectMany(node => node.References()).Concat(method.Graph.Outputs.SelectMany(output => output.References()))
            .GroupBy(name => name, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        return GraphEditor.Rewrite(method, context, (editor, node) => node.Operator == "aten::_native_batch_norm_legit_no_training" && !editor.IsNested ? Fold(editor, node, uses) : null, DecompositionTables.Edge);
    }

    private static IReadOnlyList<GraphValue>? Fold(GraphEditor editor, GraphNode node, Dictionary<string, int> uses)
    {
        var norm = new OperatorCall(editor, node);
        var input = norm.Tensor("input");
        if (uses.GetValueOrDefault(input.Name) != 1 || node.Outputs.Skip(1).Any(output => uses.ContainsKey(output.Name))
            || editor.Producer(input.Name) is not { FullName: "aten::convolution" or "aten::linear" } producer || (producer.Operator == "aten::linear" && input.Tensor!.Rank != 2))
        {
            return null;
        }

        var layer = new OperatorCall(editor, producer);
        var (weight, bias) = (layer.Tensor("weight"), layer.OptionalTensor("bias"));
        var channels = (int)Sizes.Known(norm, input.Tensor!.Sizes[1]);
        if (Values(editor, weight) is not { } weights || Values(editor, norm.Tensor("running_mean")) is not { } mean || Values(editor, norm.Tensor("running_var")) is not { } variance
            || !TryValues(editor, bias, channels, 0, out var biases) || !TryValues(editor, norm.OptionalTensor("weight"), channels, 1, out var gain)
            || !TryValues(editor, norm.OptionalTensor("bias"), channels, 0, out var shift))
        {
            return null;
        }

        var isTransposed = producer.Operator == "aten::convolution" && layer.Bool("transposed");
        var groups = isTransposed ? (int)layer.Int("groups") : 1;
        var spec = weight.Tensor!;
        var area = spec.Rank > 2 ? (int)Sizes.Product(spec.Sizes.AsSpan()[2..]).Value : 1;
        var (rows, columns) = ((int)spec.Sizes[0].Value, (int)spec.Sizes[1].Value);
        var folded = new float[weights.Length];
        var offsets = new float[channels];
        var scales = new double[channels];
        for (var channel = 0; channel < channels; channel++)
        {
            scales[channel] = gain[channel] / Math.Sqrt(variance[channel] + norm.Double("eps"));
            offsets[channel] = (float)(((biases[channel] - mean[channel]) * scales[channel]) + shift[channel]);
        }

        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                // A transposed convolution's channels are its second dimension, within a group.
                var channel = isTransposed ? (row / (rows / groups) * columns) + column : row;
                for (var i = 0; i < area; i++)
                {
                    var at = (((row * columns) + column) * area) + i;
                    folded[at] = (float)(weights[at] * scales[channel]);
                }
            }
        }

        var newWeight = editor.Constant(SpecInference.WithoutStrides(spec), MemoryMarshal.AsBytes(folded.AsSpan()).ToArray(), "normalized");
        var newBias = editor.Constant(TensorSpec.Contiguous(ScalarType.Float, channels), MemoryMarshal.AsBytes(offsets.AsSpan()).ToArray(), "normalized");
        var arguments = producer.Arguments.Where(argument => argument.Name is not ("weight" or "bias")).ToList();
        arguments.Insert(1, new GraphNamedArgument("weight", new GraphArgument.Reference(newWeight.Name)));
        arguments.Insert(2, new GraphNamedArgument("bias", new GraphArgument.Reference(newBias.Name)));
        var result = editor.Redispatch(producer with { Name = "", Outputs = [], Arguments = [.. arguments] })[0];
        return [result, .. node.Outputs.Skip(1)];
    }

    private static bool TryValues(GraphEditor editor, GraphValue? value, int count, float standard, out float[] values)
    {
        if (value is null)
        {
            values = new float[count];
            Array.Fill(values, standard);
            return true;
        }

        values = Values(editor, value)!;
        return values is not null;
    }

    // The elements of a dense float constant.
    private static float[]? Values(GraphEditor editor, GraphValue value)
    {
        if (editor.Data(value) is not { } tensor || tensor.Spec is not { ScalarType: ScalarType.Float, Strides.IsDefault: true, IsStatic: true } spec || !TensorShapes.IsContiguous(spec.DimOrder.AsSpan()))
        {
            return null;
        }

        var values = new float[Sizes.Product(spec.Sizes.AsSpan()).Value];
        tensor.Storage.Read(spec.StorageOffset.Value * sizeof(float), MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
