using System.Collections.Immutable;
using Tandem.Host.Building;
using Tandem.Host.Lowering.Inference;
using Tandem.Sdk;

namespace Tandem.Host.Quantization;

/// <summary>Puts the nodes that torchao writes into a method: what chooses a scale for each row of the input, rounds it and takes it back, before each layer.</summary>
internal sealed class MethodQuantizer
{
    private readonly ExportedMethod _method;
    private readonly NameScope _names = new();
    private readonly Dictionary<string, GraphValue> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Integers, string Scales, string ZeroPoints)> _weights = new(StringComparer.Ordinal);
    private readonly List<(string Beside, GraphValue Value, GraphInputSpec Spec)> _added = [];
    private int _handle;

    internal MethodQuantizer(ExportedMethod method)
    {
        _method = method;
        Take(method.Graph);
    }

    /// <summary>Rewrites the method.</summary>
    /// <param name="layers">Layers by the name of their node, each with its quantised weight.</param>
    /// <returns>The method.</returns>
    internal ExportedMethod Run(IReadOnlyDictionary<string, (LinearLayer Layer, QuantizedWeight Weight)> layers)
    {
        foreach (var value in _method.Graph.Inputs.Concat(_method.Graph.Nodes.SelectMany(node => node.Outputs)))
        {
            _values[value.Name] = value;
        }

        // A weight that somebody else reads stays, and its name with it; then the names of the parts must not lie below it.
        var nodes = new List<GraphNode>();
        var stays = RemainingReads(layers);
        foreach (var node in _method.Graph.Nodes)
        {
            if (layers.TryGetValue(node.Name, out var found))
            {
                Quantize(found.Layer, found.Weight, stays.Contains(found.Layer.Weight.ValueName), nodes);
            }
            else
            {
                nodes.Add(node);
            }
        }

        return Finish(nodes, [.. layers.Values.Select(layer => layer.Layer.Weight.ValueName)]);
    }

    /// <summary>Graph inputs that something other than the given layers reads; a transpose that only they read is not counted.</summary>
    internal HashSet<string> RemainingReads(IReadOnlyDictionary<string, (LinearLayer Layer, QuantizedWeight Weight)> layers)
    {
        var reads = _method.Graph.Outputs.SelectMany(output => output.References()).ToHashSet(StringComparer.Ordinal);
        for (var i = _method.Graph.Nodes.Length - 1; i >= 0; i--)
        {
            var node = _method.Graph.Nodes[i];
            if (layers.TryGetValue(node.Name, out var found))
            {
                reads.Add(found.Layer.Input);
                reads.UnionWith(found.Layer.Bias?.References() ?? []);
            }
            else if (!IsLooseTranspose(node, reads))
            {
                reads.UnionWith(node.References());
            }
        }

        return reads;
    }

    private static bool IsLooseTranspose(GraphNode node, HashSet<string> reads) =>
        node.FullName is "aten::t" or "aten::numpy_T" or "aten::transpose.int" or "aten::permute" && node.Outputs.All(output => !reads.Contains(output.Name));

    private void Take(ExportedGraph graph)
    {
        foreach (var input in graph.Inputs)
        {
            _names.Take(input.Name);
        }

        foreach (var node in graph.Nodes)
        {
            _names.Take(node.Name);
            _handle = Math.Max(_handle, node.DebugHandle);
            foreach (var output in node.Outputs)
            {
                _names.Take(output.Name);
            }

            foreach (var nested in node.Arguments.Select(argument => argument.Value).OfType<GraphArgument.Subgraph>())
            {
                Take(nested.Value);
            }
        }
    }

    private void Quantize(LinearLayer layer, QuantizedWeight weight, bool stays, List<GraphNode> nodes)
    {
        var node = layer.Node;
        var input = _values[layer.Input].Tensor!;
        var rows = input.Sizes[..^1];
        var block = Integers([.. Enumerable.Repeat(1L, input.Rank - 1), weight.Integers.Spec.Sizes[1].Value]);
        var x = new GraphArgument.Reference(layer.Input);
        var (least, most) = (new GraphArgument.Int(sbyte.MinValue), new GraphArgument.Int(sbyte.MaxValue));
        var (int8, none) = (new GraphArgument.DataType(ScalarType.Char), new GraphArgument.None());
        var parameters = Add(nodes, node, "choose_qparams_affine",
            [("input", x), ("mapping_type", new GraphArgument.Text("ASYMMETRIC")), ("block_size", block), ("target_dtype", int8), ("quant_min", least), ("quant_max", most),
                ("eps", none), ("scale_dtype", none), ("zero_point_dtype", int8)],
            [("getitem", Layouts.Contiguous(ScalarType.Float, rows)), ("getitem", Layouts.Contiguous(ScalarType.Char, rows))]);
        var quantized = Add(nodes, node, "quantize_affine",
            [("input", x), ("block_size", block), ("scale", parameters[0]), ("zero_point", parameters[1]), ("output_dtype", int8), ("quant_min", least), ("quant_max", most)],
            [(null, Layouts.Contiguous(ScalarType.Char, input.Sizes))]);
        var activations = Add(nodes, node, "dequantize_affine",
            [("input", quantized[0]), ("block_size", block), ("scale", parameters[0]), ("zero_point", parameters[1]), ("input_dtype", int8), ("quant_min", least), ("quant_max", most)],
            [(null, Layouts.Contiguous(ScalarType.Float, input.Sizes))]);

        var (integers, scales, zeroPoints) = AddWeight(layer.Weight, weight, stays);
        var isInt4 = weight.Grid == WeightGrid.Int4;
        var weights = Add(nodes, node, "dequantize_affine",
            [("input", new GraphArgument.Reference(integers)), ("block_size", Integers([1, weight.GroupSize])), ("scale", new GraphArgument.Reference(scales)),
                ("zero_point", new GraphArgument.Reference(zeroPoints)), ("input_dtype", int8), ("quant_min", new GraphArgument.Int(isInt4 ? -8 : sbyte.MinValue)),
                ("quant_max", new GraphArgument.Int(isInt4 ? 7 : sbyte.MaxValue))],
            [(null, Layouts.Contiguous(ScalarType.Float, weight.Integers.Spec.Sizes))]);
        ImmutableArray<GraphNamedArgument> arguments = [new("input", activations[0]), new("weight", weights[0])];
        nodes.Add(node with { Operator = "aten::linear", Overload = "", Arguments = layer.Bias is { } bias ? arguments.Add(new("bias", bias)) : arguments });
    }

    private GraphArgument.Reference[] Add(
        List<GraphNode> nodes, GraphNode origin, string name, ReadOnlySpan<(string Name, GraphArgument Value)> arguments, ReadOnlySpan<(string? Name, TensorSpec Spec)> outputs)
    {
        var node = _names.Unique(name);
        var named = ImmutableArray.CreateBuilder<GraphNamedArgument>(arguments.Length);
        foreach (var (parameter, value) in arguments)
        {
            named.Add(new(parameter, value));
        }

        var values = ImmutableArray.CreateBuilder<GraphValue>(outputs.Length);
        foreach (var (output, spec) in outputs)
        {
            values.Add(new GraphValue(output is null ? node : _names.Unique(output), spec));
        }

        nodes.Add(new GraphNode(node, $"torchao::{name}", "", named.MoveToImmutable(), values.MoveToImmutable())
        {
            DebugHandle = ++_handle,
            SourceLocation = origin.SourceLocation,
            Metadata = origin.Metadata,
        });
        return [.. nodes[^1].Outputs.Select(value => new GraphArgument.Reference(value.Name))];
    }

    private (string Integers, string Scales, string ZeroPoints) AddWeight(GraphInputSpec input, QuantizedWeight weight, bool stays)
    {
        if (!_weights.TryGetValue(input.ValueName, out var names))
        {
            var name = (input.QualifiedName ?? input.ValueName) + (stays ? "_quantized" : "");
            _weights[input.ValueName] = names = (AddInput("qdata", weight.Integers), AddInput("scale", weight.Scales), AddInput("zero_point", weight.ZeroPoints));

            string AddInput(string part, ExportedTensor tensor)
            {
                var value = new GraphValue(_names.Unique($"{input.ValueName}_{part}"), tensor.Spec);
                _added.Add((input.ValueName, value, input with { ValueName = value.Name, QualifiedName = $"{name}.{part}", Tensor = tensor }));
                return value.Name;
            }
        }

        return names;
    }

    // The tensors of a weight stand where it stood; it goes where nobody reads it any more, and transposes of it with it.
    private ExportedMethod Finish(List<GraphNode> nodes, HashSet<string> quantized)
    {
        var reads = _method.Graph.Outputs.SelectMany(output => output.References()).ToHashSet(StringComparer.Ordinal);
        for (var i = nodes.Count - 1; i >= 0; i--)
        {
            if (nodes[i].References().Any(quantized.Contains) && IsLooseTranspose(nodes[i], reads))
            {
                nodes.RemoveAt(i);
            }
            else
            {
                reads.UnionWith(nodes[i].References());
            }
        }

        var (inputs, specs) = (ImmutableArray.CreateBuilder<GraphValue>(), ImmutableArray.CreateBuilder<GraphInputSpec>());
        var added = _added.ToLookup(item => item.Beside, StringComparer.Ordinal);
        foreach (var (input, spec) in _method.Graph.Inputs.Zip(_method.Signature.Inputs))
        {
            if (!quantized.Contains(input.Name) || reads.Contains(input.Name))
            {
                inputs.Add(input);
                specs.Add(spec);
            }

            foreach (var (_, value, part) in added[input.Name])
            {
                inputs.Add(value);
                specs.Add(part);
            }
        }

        return _method with
        {
            Graph = _method.Graph with { Inputs = inputs.ToImmutable(), Nodes = [.. nodes] },
            Signature = _method.Signature with { Inputs = specs.ToImmutable() },
        };
    }

    private static GraphArgument.List Integers(ReadOnlySpan<long> values)
    {
        var items = ImmutableArray.CreateBuilder<GraphArgument>(values.Length);
        foreach (var value in values)
        {
            items.Add(new GraphArgument.Int(value));
        }

        return new GraphArgument.List(items.MoveToImmutable());
    }
}
