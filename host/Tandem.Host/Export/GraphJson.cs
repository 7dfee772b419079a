using System.Globalization;
using System.Text.Json;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;

namespace Tandem.Host.Export;

/// <summary>Writes one graph, and the graphs nested in it.</summary>
internal sealed partial class GraphJson
{
    private const int Positional = 1;
    private const int Keyword = 2;

    private readonly ExportedGraph _graph;
    private readonly MethodSymbols _symbols;
    private readonly string? _path;
    private readonly ArchiveNames _values;
    private readonly ArchiveNames _nodes;
    private readonly Dictionary<string, (GraphValue Value, ValueKind Kind)> _kinds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _nested = new(StringComparer.Ordinal);

    private GraphJson(ExportedGraph graph, MethodSymbols symbols, string? path)
    {
        (_graph, _symbols, _path) = (graph, symbols, path);
        (_values, _nodes) = (new ArchiveNames(path), new ArchiveNames(path));
        foreach (var input in graph.Inputs)
        {
            _kinds[input.Name] = (input, input.Tensor is not null ? ValueKind.Tensor : input.Integer is not null ? ValueKind.Integer : ValueKind.None);
            _values.Define(input.Name);
        }

        foreach (var node in graph.Nodes)
        {
            _nodes.Define(node.Name);
            foreach (var output in node.Outputs)
            {
                _kinds[output.Name] = (output, KindOf(node, output));
                _values.Define(output.Name);
            }
        }
    }

    /// <summary>Writes the outermost graph of a method.</summary>
    /// <returns>The graph, which knows the names that its values got.</returns>
    internal static GraphJson WriteOutermost(Utf8JsonWriter json, ExportedMethod method, MethodSymbols symbols)
    {
        var graph = new GraphJson(method.Graph, symbols, null);
        var traced = method.Signature.Inputs.Where(input => input.TracedValue is not null).ToDictionary(input => input.ValueName, input => input.TracedValue!, StringComparer.Ordinal);
        foreach (var input in method.Graph.Inputs.Where(input => input.Tensor is null && input.Integer is null && !traced.ContainsKey(input.Name)))
        {
            // A symbolic number without a range is a float.
            graph._kinds[input.Name] = (input, ValueKind.Float);
        }

        graph.Write(json, traced);
        return graph;
    }

    /// <summary>The name of a value in the archive.</summary>
    internal string NameOf(string value) => _values.Find(value)
        ?? throw new TandemException(ErrorCode.ExportedProgramInvalid, "a value is used that nothing has set", new ErrorDetails { Found = value });

    private void Write(Utf8JsonWriter json, IReadOnlyDictionary<string, GraphArgument> traced)
    {
        json.WriteStartObject();
        json.WriteStartArray("inputs");
        foreach (var input in _graph.Inputs)
        {
            WriteArgument(json, traced.GetValueOrDefault(input.Name) ?? new GraphArgument.Reference(input.Name));
        }

        json.WriteEndArray();
        json.WriteStartArray("outputs");
        foreach (var output in _graph.Outputs)
        {
            WriteArgument(json, output);
        }

        json.WriteEndArray();
        json.WriteStartArray("nodes");
        foreach (var node in _graph.Nodes)
        {
            try
            {
                WriteNode(json, node);
            }
            catch (TandemException error) when (error.Details.Location is null)
            {
                throw error.With(new ErrorDetails { Location = $"node '{node.Name}'" });
            }
        }

        json.WriteEndArray();
        WriteValues(json, "tensor_values", ValueKind.Tensor, value => TensorMeta.Write(json, value.Tensor!, _symbols));
        WriteValues(json, "sym_int_values", ValueKind.Integer, value => TensorMeta.WriteInteger(json, value.Integer!, _symbols));

        // What a truth value or float is made of is not kept; any value keeps its type.
        WriteValues(json, "sym_bool_values", ValueKind.Boolean, _ => WriteTagged(json, "as_bool", static target => target.WriteBooleanValue(true)));
        json.WriteBoolean("is_single_tensor_return", false);
        json.WriteStartObject("custom_obj_values");
        json.WriteEndObject();
        WriteValues(json, "sym_float_values", ValueKind.Float, _ => WriteTagged(json, "as_float", static target => target.WriteRawValue("1.0")));
        json.WriteEndObject();
    }

    private void WriteValues(Utf8JsonWriter json, string name, ValueKind kind, Action<GraphValue> write)
    {
        json.WriteStartObject(name);
        foreach (var value in _graph.Inputs.Concat(_graph.Nodes.SelectMany(node => node.Outputs)).Where(value => _kinds[value.Name].Kind == kind))
        {
            json.WritePropertyName(NameOf(value.Name));
            write(value);
        }

        json.WriteEndObject();
    }

    private void WriteNode(Utf8JsonWriter json, GraphNode node)
    {
        var isHigherOrder = node.Operator.StartsWith("higher_order::", StringComparison.Ordinal);
        json.WriteStartObject();
        json.WriteString("target", Target(node));
        json.WriteStartArray("inputs");
        var schema = OperatorTable.TryGet(node.FullName, out var found) ? found : null;
        for (var i = 0; i < node.Arguments.Length; i++)
        {
            var (name, value) = (node.Arguments[i].Name, node.Arguments[i].Value);
            var parameter = schema?.Find(name);
            var isPositional = schema is null || (i < schema.Parameters.Length && schema.Parameters[i].Name == name && !schema.Parameters[i].IsKeywordOnly
                && (i == 0 || node.Arguments[i - 1].Name == schema.Parameters[i - 1].Name));
            json.WriteStartObject();
            json.WriteString("name", isHigherOrder ? "" : name);
            json.WritePropertyName("arg");
            WriteArgument(json, value, parameter?.Type, name);
            json.WriteNumber("kind", isPositional ? Positional : Keyword);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteOutputs(json, node, schema);
        json.WriteStartObject("metadata");
        if (node.SourceLocation is { } trace)
        {
            json.WriteString("stack_trace", trace);
        }

        foreach (var (name, value) in node.Metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        if (isHigherOrder)
        {
            json.WriteBoolean("is_hop_single_tensor_return", false);
        }
        else
        {
            json.WriteNull("is_hop_single_tensor_return");
        }

        json.WriteString("name", _nodes.Define(node.Name));
        json.WriteEndObject();
    }

    private void WriteOutputs(Utf8JsonWriter json, GraphNode node, OperatorSchema? schema)
    {
        json.WriteStartArray("outputs");
        if (schema is { Returns: ["Tensor[]"] } && node.Outputs.Length > 0)
        {
            json.WriteStartObject();
            json.WriteStartArray("as_tensors");
            foreach (var output in node.Outputs)
            {
                WriteNamed(json, output.Name);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }
        else
        {
            foreach (var output in node.Outputs)
            {
                WriteArgument(json, new GraphArgument.Reference(output.Name));
            }
        }

        json.WriteEndArray();
    }

    private static string Target(GraphNode node)
    {
        var colons = node.Operator.IndexOf("::", StringComparison.Ordinal);
        var (space, name) = colons < 0 ? ("", node.Operator) : (node.Operator[..colons], node.Operator[(colons + 2)..]);
        return space switch
        {
            "higher_order" => $"torch.ops.higher_order.{name}",
            "_operator" or "math" or "builtins" => $"{space}.{name}",
            "torch" => $"torch.{name}",
            "" or "executorch_call" => throw NotSupported("an operator is none of PyTorch's", node.FullName),
            _ => $"torch.ops.{space}.{name}.{(node.Overload.Length == 0 ? "default" : node.Overload)}",
        };
    }

    private static ValueKind KindOf(GraphNode node, GraphValue value) => value.Tensor is not null ? ValueKind.Tensor
        : value.Integer is not null ? ValueKind.Integer
        : node.Operator switch
        {
            "_operator::eq" or "_operator::ne" or "_operator::lt" or "_operator::le" or "_operator::gt" or "_operator::ge"
                or "_operator::and_" or "_operator::or_" or "_operator::not_" or "torch::sym_not" => ValueKind.Boolean,
            "_operator::truediv" or "torch::sym_float" or "torch::_sym_sqrt" => ValueKind.Float,
            "aten::item" or "aten::_local_scalar_dense" => ValueKind.Float,
            _ when node.Operator.StartsWith("_operator::", StringComparison.Ordinal) => ValueKind.Float,
            _ => ValueKind.None,
        };

    private static TandemException NotSupported(string problem, string found) => new(ErrorCode.ExportedProgramNotSupported, problem,
        new ErrorDetails { Expected = "a program as torch.export or the graph builder gives it", Found = found });
}
