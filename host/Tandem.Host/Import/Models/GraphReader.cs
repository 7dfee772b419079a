using System.Collections.Immutable;
using System.Text.Json;
using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <summary>Reads one graph, and the graphs nested in it.</summary>
internal sealed partial class GraphReader
{
    private readonly MethodScope _scope;
    private readonly string? _name;
    private readonly Dictionary<string, JsonElement> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JsonElement> _integers = new(StringComparer.Ordinal);

    // Name in the archive to name in the method, for values that are set so far.
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    // Inputs that are tensor subclasses, and what was taken out of them and is one again.
    private readonly Dictionary<string, SubclassInput> _subclasses = new(StringComparer.Ordinal);

    private GraphReader(MethodScope scope, string? name, JsonElement graph)
    {
        (_scope, _name) = (scope, name);
        Index(graph, "tensor_values", _tensors);
        Index(graph, "sym_int_values", _integers);
    }

    /// <summary>Reads the outermost graph of a method.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="scope">What the method's graphs share.</param>
    /// <param name="slots">What each input of the archive's graph is.</param>
    /// <param name="inputs">Receives what each input of the returned graph is: tensor subclasses are replaced by the tensors that they hold.</param>
    /// <returns>The graph.</returns>
    internal static ExportedGraph ReadOutermost(JsonElement graph, MethodScope scope, ImmutableArray<InputSlot> slots, out ImmutableArray<GraphInputSpec> inputs)
    {
        if (graph.Get("inputs").Count() != slots.Length)
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "signature and graph differ in their number of inputs",
                new ErrorDetails { Expected = $"{graph.Get("inputs").Count()}", Found = $"{slots.Length}" });
        }

        scope.Reserve(graph);
        var reader = new GraphReader(scope, null, graph);
        var entries = new List<InputEntry>();
        foreach (var item in graph.Get("inputs").Items())
        {
            reader.ReadInput(item, slots[entries.Count], entries);
        }

        var (nodes, outputs) = reader.ReadNodes(graph);
        List<InputEntry> flat = [.. entries.SelectMany(entry => entry.Inner is { } inner ? inner.Entries : [entry])];
        inputs = [.. flat.Select(entry => entry.Spec)];
        return new ExportedGraph([.. flat.Select(entry => entry.Value)], nodes, outputs);
    }

    private static void Index(JsonElement graph, string kind, Dictionary<string, JsonElement> target)
    {
        if (graph.Find(kind) is { } values)
        {
            foreach (var value in values.Members())
            {
                target.Add(value.Text(), value.Value);
            }
        }
    }

    private (ImmutableArray<GraphNode> Nodes, ImmutableArray<GraphArgument> Outputs) ReadNodes(JsonElement graph)
    {
        var nodes = ImmutableArray.CreateBuilder<GraphNode>(graph.Get("nodes").Count());
        foreach (var item in graph.Get("nodes").Items())
        {
            _scope.CancellationToken.ThrowIfCancellationRequested();
            ReadNodeOrNameIt(item, nodes);
        }

        var outputs = ImmutableArray.CreateBuilder<GraphArgument>();
        foreach (var item in graph.Get("outputs").Items())
        {
            outputs.Add(ReadArgument(item));
        }

        return (nodes.ToImmutable(), outputs.ToImmutable());
    }

    // What goes wrong inside a node is reported with the node and the line of the model that it comes from.
    private void ReadNodeOrNameIt(JsonElement item, ImmutableArray<GraphNode>.Builder nodes)
    {
        string? name = null;
        string? trace = null;
        try
        {
            name = item.Find("name")?.Text();
            if (item.Find("metadata") is { } metadata)
            {
                trace = metadata.Find("stack_trace")?.Text();
            }

            ReadNode(item, nodes, name, trace);
        }
        catch (TandemException error) when (error.Details.Location is null)
        {
            var line = SourceLines.Innermost(trace);
            throw error.With(new ErrorDetails { Location = $"node '{name ?? $"nodes[{nodes.Count}]"}' of method '{_scope.Method}'{(line is null ? "" : $" ({line})")}" });
        }
    }

    private void ReadNode(JsonElement item, ImmutableArray<GraphNode>.Builder nodes, string? name, string? trace)
    {
        var target = item.Get("target").Text();
        var (operation, overload) = OperatorName.Parse(target) ?? throw NotSupported("the operator is unknown", target,
            "use a newer Tandem, or export the model without this operator");
        if (operation == "export::access_subclass_inner_tensor" && ResolveInnerTensor(item))
        {
            return;
        }

        if (operation is "higher_order::wrap_with_set_grad_enabled" or "higher_order::wrap_with_autocast")
        {
            Inline(item, operation, nodes);
            return;
        }

        var isHigherOrder = operation.StartsWith("higher_order::", StringComparison.Ordinal);
        var parameters = isHigherOrder ? OperatorName.HigherOrderParameters(operation["higher_order::".Length..]) : null;
        var arguments = ImmutableArray.CreateBuilder<GraphNamedArgument>(item.Get("inputs").Count());
        foreach (var input in item.Get("inputs").Items())
        {
            var parameter = input.Get("name").Text();
            parameter = parameter.Length > 0 ? parameter
                : parameters is not null && arguments.Count < parameters.Length ? parameters[arguments.Count] : $"arg_{arguments.Count}";
            arguments.Add(new GraphNamedArgument(_scope.Share(parameter), ReadArgument(input.Get("arg"))));
        }

        var outputs = ImmutableArray.CreateBuilder<GraphValue>();
        var first = FirstName(item.Get("outputs"));
        name = _scope.UniqueNode(name ?? first ?? $"{operation[(operation.LastIndexOf(':') + 1)..]}_{nodes.Count}", _name);
        foreach (var output in item.Get("outputs").Items())
        {
            ReadOutput(output, name, outputs);
        }

        nodes.Add(new GraphNode(name, operation, overload, arguments.ToImmutable(), outputs.ToImmutable())
        {
            DebugHandle = _scope.NextHandle(),
            SourceLocation = trace is null ? null : _scope.Share(trace),
            Metadata = ReadMetadata(item),
        });
    }

    // Regions without gradients, and those that switch automatic casts off, compute what their nodes compute.
    private void Inline(JsonElement node, string operation, ImmutableArray<GraphNode>.Builder nodes)
    {
        List<JsonElement> arguments = [.. node.Get("inputs").Items().Select(input => input.Get("arg"))];
        var isAutocast = operation == "higher_order::wrap_with_autocast";
        if (isAutocast && !(arguments.Count > 2 && arguments[2].Union() is ("as_bool", { ValueKind: JsonValueKind.False })))
        {
            throw NotSupported("a part of the model runs under automatic casts", operation, "export the model without autocast, or run_decompositions() first");
        }

        var body = isAutocast ? 4 : 1;
        if (arguments.Count <= body || arguments[body].Union() is not ("as_graph", var function))
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "a region of the graph has no graph", new ErrorDetails { Found = operation });
        }

        var graph = function.Get("graph");
        var reader = Nested(function);
        var position = body;
        foreach (var input in graph.Get("inputs").Items())
        {
            if (++position >= arguments.Count)
            {
                throw new TandemException(ErrorCode.ExportedProgramInvalid, "a region of the graph is given too few arguments", new ErrorDetails { Found = operation });
            }

            if (ValueName(input) is { } inner)
            {
                var outer = ValueName(arguments[position]) ?? throw NotSupported("a region of the graph is given a constant", operation, "run_decompositions() first");
                if (_subclasses.TryGetValue(outer, out var subclass))
                {
                    reader._subclasses[inner] = subclass;
                }

                reader._values[inner] = _subclasses.ContainsKey(outer) ? outer : Refer(outer).Name;
            }
        }

        var (inlined, results) = reader.ReadNodes(graph);
        nodes.AddRange(inlined);
        List<string?> names = [.. node.Get("outputs").Items().SelectMany(output => output.Union() is ("as_tensors", var list)
            ? list.Items().Select(item => (string?)item.Get("name").Text()) : [ValueName(output)])];
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] is { } name && (i >= results.Length || results[i] is not GraphArgument.Reference result || !_values.TryAdd(name, result.Name)))
            {
                throw new TandemException(ErrorCode.ExportedProgramInvalid, "a result of a region of the graph is none, or set twice", new ErrorDetails { Found = name });
            }
        }
    }

    private static string? ValueName(JsonElement argument) => argument.Union() switch
    {
        ("as_tensor", var value) => value.Get("name").Text(),
        ("as_sym_int" or "as_sym_float" or "as_sym_bool", var value) when value.Union() is ("as_name", var name) => name.Text(),
        _ => null,
    };

    private static string? FirstName(JsonElement outputs)
    {
        foreach (var output in outputs.Items())
        {
            return output.Union() is ("as_tensor", var value) ? value.Get("name").Text() : null;
        }

        return null;
    }

    private ImmutableDictionary<string, string> ReadMetadata(JsonElement node)
    {
        var result = ImmutableDictionary<string, string>.Empty;
        if (node.Find("metadata") is { } metadata)
        {
            foreach (var entry in metadata.Members())
            {
                // The trace is the node's source location; from_node is the exporter's own history, as large as all else together.
                if (entry.Text() is not ("stack_trace" or "from_node") && entry.Value.ValueKind == JsonValueKind.String)
                {
                    result = result.SetItem(_scope.Share(entry.Text()), _scope.Share(entry.Value.Text()));
                }
            }
        }

        return result;
    }

    private void ReadOutput(JsonElement output, string node, ImmutableArray<GraphValue>.Builder outputs)
    {
        var (tag, value) = output.Union();
        switch (tag)
        {
            case "as_tensor":
                outputs.Add(DefineTensor(value.Get("name").Text()));
                break;
            case "as_tensors":
                foreach (var item in value.Items())
                {
                    outputs.Add(DefineTensor(item.Get("name").Text()));
                }

                break;
            case "as_optional_tensors":
                foreach (var item in value.Items())
                {
                    ReadOutput(item, node, outputs);
                }

                break;
            case "as_optional_tensor":
                ReadOutput(value, node, outputs);
                break;
            case "as_sym_int" or "as_sym_bool" or "as_sym_float" when value.Union() is ("as_name", var name):
                outputs.Add(DefineSymbol(name.Text()));
                break;
            case "as_sym_ints":
                foreach (var item in value.Items())
                {
                    outputs.Add(item.Union() is ("as_name", var symbol) ? DefineSymbol(symbol.Text()) : Unnamed(node, outputs.Count));
                }

                break;

            // A result that is a constant is written as one where it is used.
            case "as_none" or "as_int" or "as_float" or "as_bool" or "as_string" or "as_sym_int" or "as_sym_bool" or "as_sym_float":
                outputs.Add(Unnamed(node, outputs.Count));
                break;
            default:
                throw NotSupported("a result is of an unknown kind", tag, "export the model without this operator");
        }

        GraphValue Unnamed(string owner, int position) => new(_scope.UniqueValue($"{owner}_none_{position}", _name ?? "none"), null);
    }

    private GraphValue DefineTensor(string name) => Define(name, DescribeTensor(name));

    private GraphValue DescribeTensor(string name) => _tensors.TryGetValue(name, out var meta)
        ? new GraphValue("", TensorMetaReader.Read(meta, _scope.Symbols))
        : throw new TandemException(ErrorCode.ExportedProgramInvalid, "a tensor is not described", new ErrorDetails { Expected = "an entry of tensor_values", Found = name });

    private GraphValue DefineSymbol(string name)
    {
        var integer = _integers.TryGetValue(name, out var meta) ? _scope.Symbols.ToInteger(TensorMetaReader.ReadInteger(meta, _scope.Symbols), isSize: false) : null;
        return Define(name, new GraphValue("", null) { Integer = integer });
    }

    private GraphValue Define(string name, GraphValue value)
    {
        var unique = _scope.UniqueValue(name, _name);
        if (!_values.TryAdd(name, unique))
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "a value is set twice", new ErrorDetails { Found = name });
        }

        return value with { Name = unique };
    }

    private GraphArgument.Reference Refer(string name) => _subclasses.TryGetValue(name, out var subclass)
        ? throw NotSupported("a tensor subclass is used whole", $"'{name}', a {subclass.Tensor.Type}", "export the model with torchao's ordinary weight tensors")
        : _values.TryGetValue(name, out var unique) ? new(unique)
        : throw new TandemException(ErrorCode.ExportedProgramInvalid, "a value is used that nothing has set",
            new ErrorDetails { Expected = "an input, or a result of an earlier node", Found = name });

    private ExportedGraph ReadNested(JsonElement argument)
    {
        var graph = argument.Get("graph");
        var reader = Nested(argument);
        var inputs = ImmutableArray.CreateBuilder<GraphValue>();
        foreach (var item in graph.Get("inputs").Items())
        {
            inputs.Add(reader.ReadInput(item, $"input_{inputs.Count}", out _));
        }

        var (nodes, outputs) = reader.ReadNodes(graph);
        return new ExportedGraph(inputs.ToImmutable(), nodes, outputs);
    }

    private GraphReader Nested(JsonElement argument)
    {
        var name = argument.Get("name").Text();
        return new GraphReader(_scope, _name is null ? name : $"{_name}.{name}", argument.Get("graph"));
    }

    private static TandemException NotSupported(string problem, string found, string next) =>
        new(ErrorCode.ExportedProgramNotSupported, problem, new ErrorDetails { Found = found, NextStep = next });
}
