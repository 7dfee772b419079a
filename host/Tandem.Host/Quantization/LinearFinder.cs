using Tandem.Sdk;

namespace Tandem.Host.Quantization;

/// <summary>Finds the linear layers of a method, and says of those that cannot be quantised why.</summary>
internal sealed class LinearFinder
{
    // A row is read at once; no model comes near this.
    private const long MaxInputs = 1 << 24;

    private readonly ExportedMethod _method;
    private readonly IReadOnlySet<string> _state;
    private readonly Dictionary<string, GraphValue> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GraphNode> _producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GraphInputSpec> _inputs;

    /// <summary>Reads a method.</summary>
    /// <param name="method">The method.</param>
    /// <param name="state">Qualified names of the buffers that some method changes.</param>
    internal LinearFinder(ExportedMethod method, IReadOnlySet<string> state)
    {
        (_method, _state) = (method, state);
        _inputs = method.Signature.Inputs.ToDictionary(input => input.ValueName, StringComparer.Ordinal);
        foreach (var input in method.Graph.Inputs)
        {
            _values[input.Name] = input;
        }

        foreach (var node in method.Graph.Nodes)
        {
            foreach (var output in node.Outputs)
            {
                _values[output.Name] = output;
                _producers[output.Name] = node;
            }
        }
    }

    /// <summary>Layers that can be quantised, in the order of the graph.</summary>
    internal List<LinearLayer> Layers { get; } = [];

    /// <summary>Layers that cannot.</summary>
    internal List<FloatLayer> Refused { get; } = [];

    /// <summary>Looks at every node.</summary>
    internal LinearFinder Run()
    {
        foreach (var node in _method.Graph.Nodes)
        {
            Look(node);
            foreach (var nested in node.Arguments.Select(argument => argument.Value).OfType<GraphArgument.Subgraph>())
            {
                LookInside(nested.Value);
            }
        }

        return this;
    }

    private void LookInside(ExportedGraph graph)
    {
        foreach (var node in graph.Nodes)
        {
            if (node.FullName == "aten::linear")
            {
                Refused.Add(new FloatLayer(node.Name, _method.Name, node.Name, "it is inside control flow, where its weight is no constant"));
            }

            foreach (var nested in node.Arguments.Select(argument => argument.Value).OfType<GraphArgument.Subgraph>())
            {
                LookInside(nested.Value);
            }
        }
    }

    private void Look(GraphNode node)
    {
        var (input, weight, bias, isTransposed) = node.FullName switch
        {
            "aten::linear" => (node.Find("input"), node.Find("weight"), node.Find("bias"), false),
            "aten::addmm" => (node.Find("mat1"), node.Find("mat2"), node.Find("self"), true),
            "aten::mm" => (node.Find("self"), node.Find("mat2"), null, true),
            "aten::matmul" => (node.Find("self"), node.Find("other"), null, true),
            _ => default((GraphArgument?, GraphArgument?, GraphArgument?, bool)),
        };
        if (input is not GraphArgument.Reference { Name: var x } || weight is not GraphArgument.Reference { Name: var w })
        {
            return;
        }

        // A product with the transpose of a stored weight is a linear layer over what is stored.
        var source = w;
        if (isTransposed && _producers.TryGetValue(w, out var transpose) && IsTranspose(transpose) && transpose.References().FirstOrDefault() is { } stored)
        {
            (source, isTransposed) = (stored, false);
        }

        if (!_inputs.TryGetValue(source, out var spec) || spec.Kind == GraphInputKind.UserInput)
        {
            // Products of two activations are no layers.
            if (node.FullName == "aten::linear")
            {
                var isQuantized = _producers.TryGetValue(source, out var producer) && producer.Operator.Contains("dequantize", StringComparison.Ordinal);
                Refused.Add(new FloatLayer(node.Name, _method.Name, node.Name, isQuantized ? "it is quantised already" : "its weight is no constant"));
            }

            return;
        }

        var layer = new LinearLayer(_method.Name, node, spec, isTransposed, x, bias is GraphArgument.None ? null : bias);
        if (Refuse(layer) is { } reason)
        {
            Refused.Add(new FloatLayer(layer.Name, _method.Name, node.Name, reason));
        }
        else
        {
            Layers.Add(layer);
        }
    }

    private string? Refuse(LinearLayer layer)
    {
        if (layer.Weight.Tensor is not { Spec: { Rank: 2, IsStatic: true } weight })
        {
            return "its weight is no matrix with bytes";
        }

        if (layer.Weight.QualifiedName is { } name && _state.Contains(name))
        {
            return "its weight is state, which calls change";
        }

        var (outputs, inputs) = layer.IsTransposed ? (weight.Sizes[1].Value, weight.Sizes[0].Value) : (weight.Sizes[0].Value, weight.Sizes[1].Value);
        return weight.ScalarType != ScalarType.Float ? $"its weight is {weight.ScalarType.TorchName()}; only float32 is quantised"
            : outputs is < 1 or > int.MaxValue || inputs is < 1 or > MaxInputs ? $"its weight of {outputs} x {inputs} is empty or too large"
            : _values[layer.Input].Tensor is not { Rank: >= 2 } input ? "its input has fewer than two dimensions"
            : input.ScalarType != ScalarType.Float ? $"its input is {input.ScalarType.TorchName()}; only float32 is quantised"
            : !input.Sizes[^1].IsSameAs(inputs) ? "the size of its input is not that of its weight"
            : layer.Node.Outputs is not [{ Tensor: not null }] ? "it has no result"
            : layer.Node.FullName == "aten::addmm" ? RefuseSum(layer, outputs) : null;
    }

    private string? RefuseSum(LinearLayer layer, long outputs) => !IsOne(layer.Node.Find("alpha")) || !IsOne(layer.Node.Find("beta")) ? "its sum is scaled"
        : layer.Bias is GraphArgument.Reference { Name: var bias } && _values[bias].Tensor is { Rank: 1 } spec && spec.Sizes[0].IsSameAs(outputs) ? null
        : "what it adds is not one value for each output";

    private static bool IsOne(GraphArgument? value) => value is null or GraphArgument.Int { Value: 1 } or GraphArgument.Float { Value: 1 };

    private static bool IsTranspose(GraphNode node) => node.FullName switch
    {
        "aten::t" or "aten::numpy_T" => true,
        "aten::transpose.int" => (node.Find("dim0"), node.Find("dim1")) is (GraphArgument.Int { Value: var a }, GraphArgument.Int { Value: var b }) && (a & 1) != (b & 1),
        "aten::permute" => node.Find("dims") is GraphArgument.List { Items: [GraphArgument.Int { Value: 1 or -1 }, GraphArgument.Int { Value: 0 or -2 }] },
        _ => false,
    };
}
