using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Tandem.Host.Import.Models;
using Tandem.Sdk;

namespace Tandem.Host.Export;

/// <content>Arguments of nodes and results of graphs.</content>
internal sealed partial class GraphJson
{
    /// <summary>Writes an argument as the union that archives have for it.</summary>
    /// <param name="json">The target.</param>
    /// <param name="argument">The argument.</param>
    /// <param name="type">The parameter's type in the schema, which tells what an empty list holds; null if it is not known.</param>
    /// <param name="parameter">The parameter's name, after which a nested graph is named.</param>
    internal void WriteArgument(Utf8JsonWriter json, GraphArgument argument, string? type = null, string parameter = "")
    {
        json.WriteStartObject();
        switch (argument)
        {
            case GraphArgument.None:
                json.WriteBoolean("as_none", true);
                break;
            case GraphArgument.Reference reference:
                WriteReference(json, reference.Name);
                break;
            case GraphArgument.Int number:
                json.WriteNumber("as_int", number.Value);
                break;
            case GraphArgument.Float number:
                json.WritePropertyName("as_float");
                WriteFloat(json, number.Value);
                break;
            case GraphArgument.Bool truth:
                json.WriteBoolean("as_bool", truth.Value);
                break;
            case GraphArgument.Text text:
                json.WriteString("as_string", text.Value);
                break;
            case GraphArgument.DataType data:
                json.WriteNumber("as_scalar_type", ArchiveCodes.OfScalarType(data.Value));
                break;
            case GraphArgument.Option { Kind: "memory_format" } option:
                json.WriteNumber("as_memory_format", ArchiveCodes.OfMemoryFormat(option.Value));
                break;
            case GraphArgument.Option { Kind: "layout" } option:
                json.WriteNumber("as_layout", ArchiveCodes.OfLayout(option.Value));
                break;
            case GraphArgument.Option { Kind: "device" } option:
                WriteDevice(json, option.Value);
                break;
            case GraphArgument.Complex complex:
                json.WriteStartObject("as_complex");
                json.WritePropertyName("real");
                WriteFloat(json, complex.Real);
                json.WritePropertyName("imag");
                WriteFloat(json, complex.Imaginary);
                json.WriteEndObject();
                break;
            case GraphArgument.Subgraph nested:
                WriteNested(json, nested.Value, parameter);
                break;
            case GraphArgument.List list:
                WriteList(json, list.Items, type);
                break;
            case GraphArgument.Symbolic symbolic:
                throw NotSupported("an argument is an expression, which archives hold as a node", symbolic.Value.ToString());
            default:
                throw NotSupported("an argument is of a kind that archives lack", argument.GetType().Name);
        }

        json.WriteEndObject();
    }

    private static void WriteTagged(Utf8JsonWriter json, string tag, Action<Utf8JsonWriter> write)
    {
        json.WriteStartObject();
        json.WritePropertyName(tag);
        write(json);
        json.WriteEndObject();
    }

    private ValueKind KindOf(string name) => _kinds.TryGetValue(name, out var value) ? value.Kind
        : throw new TandemException(ErrorCode.ExportedProgramInvalid, "a value is used that nothing has set", new ErrorDetails { Found = name });

    private void WriteReference(Utf8JsonWriter json, string name)
    {
        switch (KindOf(name))
        {
            case ValueKind.Tensor:
                json.WritePropertyName("as_tensor");
                WriteNamed(json, name);
                break;
            case ValueKind.None:
                json.WriteBoolean("as_none", true);
                break;
            case var kind:
                json.WritePropertyName(kind switch { ValueKind.Integer => "as_sym_int", ValueKind.Boolean => "as_sym_bool", _ => "as_sym_float" });
                WriteTagged(json, "as_name", target => target.WriteStringValue(NameOf(name)));
                break;
        }
    }

    private void WriteNamed(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject();
        json.WriteString("name", NameOf(name));
        json.WriteEndObject();
    }

    private void WriteList(Utf8JsonWriter json, ImmutableArray<GraphArgument> items, string? type)
    {
        var tensors = items.OfType<GraphArgument.Reference>().Count(item => KindOf(item.Name) == ValueKind.Tensor);
        if (items.Length == 0)
        {
            json.WriteStartArray(type is not null && type.StartsWith("Tensor", StringComparison.Ordinal) ? "as_tensors"
                : type is not null && type.StartsWith("float", StringComparison.Ordinal) ? "as_floats" : "as_ints");
        }
        else if (tensors == items.Length)
        {
            json.WriteStartArray("as_tensors");
            WriteEach(json, items, item => WriteNamed(json, ((GraphArgument.Reference)item).Name));
        }
        else if (tensors > 0 || items.All(item => item is GraphArgument.None))
        {
            json.WriteStartArray("as_optional_tensors");
            WriteEach(json, items, item => WriteArgument(json, item));
        }
        else if (items.All(item => item is GraphArgument.Int))
        {
            json.WriteStartArray("as_ints");
            WriteEach(json, items, item => json.WriteNumberValue(((GraphArgument.Int)item).Value));
        }
        else if (items.All(item => item is GraphArgument.Int or GraphArgument.Float))
        {
            json.WriteStartArray("as_floats");
            WriteEach(json, items, item => WriteFloat(json, item is GraphArgument.Int number ? number.Value : ((GraphArgument.Float)item).Value));
        }
        else if (items.All(item => item is GraphArgument.Bool))
        {
            json.WriteStartArray("as_bools");
            WriteEach(json, items, item => json.WriteBooleanValue(((GraphArgument.Bool)item).Value));
        }
        else if (items.All(item => item is GraphArgument.Text))
        {
            json.WriteStartArray("as_strings");
            WriteEach(json, items, item => json.WriteStringValue(((GraphArgument.Text)item).Value));
        }
        else if (items.All(item => item is GraphArgument.Reference or GraphArgument.Int or GraphArgument.Float or GraphArgument.Bool))
        {
            WriteNumbers(json, items);
        }
        else if (items.All(item => item is GraphArgument.List))
        {
            WriteLists(json, [.. items.Cast<GraphArgument.List>()]);
        }
        else
        {
            throw NotSupported("a list holds what archives do not hold together", string.Join(", ", items.Select(item => item.GetType().Name).Distinct()));
        }

        json.WriteEndArray();
    }

    // Numbers of which some are known at run time only.
    private void WriteNumbers(Utf8JsonWriter json, ImmutableArray<GraphArgument> items)
    {
        var kinds = items.OfType<GraphArgument.Reference>().Select(item => KindOf(item.Name)).Distinct().ToList();
        if (kinds is not [ValueKind.Integer or ValueKind.Boolean or ValueKind.Float])
        {
            throw NotSupported("a list holds what archives do not hold together", string.Join(", ", kinds));
        }

        json.WriteStartArray(kinds[0] switch { ValueKind.Integer => "as_sym_ints", ValueKind.Boolean => "as_sym_bools", _ => "as_sym_floats" });
        WriteEach(json, items, item =>
        {
            json.WriteStartObject();
            switch (item)
            {
                case GraphArgument.Reference reference:
                    json.WriteString("as_name", NameOf(reference.Name));
                    break;
                case GraphArgument.Int number:
                    json.WriteNumber("as_int", number.Value);
                    break;
                case GraphArgument.Float number:
                    json.WritePropertyName("as_float");
                    WriteFloat(json, number.Value);
                    break;
                default:
                    json.WriteBoolean("as_bool", ((GraphArgument.Bool)item).Value);
                    break;
            }

            json.WriteEndObject();
        });
    }

    private void WriteLists(Utf8JsonWriter json, ImmutableArray<GraphArgument.List> lists)
    {
        var all = lists.SelectMany(list => list.Items).ToList();
        var isTensors = all.Count > 0 && all.All(item => item is GraphArgument.Reference { Name: var name } && KindOf(name) == ValueKind.Tensor);
        var isInts = all.All(item => item is GraphArgument.Int);
        json.WriteStartArray(isTensors ? "as_nested_tensors" : isInts ? "as_int_lists" : "as_float_lists");
        foreach (var list in lists)
        {
            json.WriteStartArray();
            foreach (var item in list.Items)
            {
                switch (item)
                {
                    case GraphArgument.Reference reference when isTensors:
                        WriteNamed(json, reference.Name);
                        break;
                    case GraphArgument.Int number when isInts:
                        json.WriteNumberValue(number.Value);
                        break;
                    case GraphArgument.Int number:
                        WriteFloat(json, number.Value);
                        break;
                    case GraphArgument.Float number:
                        WriteFloat(json, number.Value);
                        break;
                    default:
                        throw NotSupported("a list of lists holds what archives do not hold there", item.GetType().Name);
                }
            }

            json.WriteEndArray();
        }
    }

    private static void WriteEach(Utf8JsonWriter json, ImmutableArray<GraphArgument> items, Action<GraphArgument> write)
    {
        foreach (var item in items)
        {
            write(item);
        }
    }

    // Names as torch gives them; they count within one graph.
    private void WriteNested(Utf8JsonWriter json, ExportedGraph graph, string parameter)
    {
        var kind = parameter switch
        {
            "true_fn" => "true_graph",
            "false_fn" => "false_graph",
            "cond_fn" => "while_loop_cond_graph",
            "body_fn" => "while_loop_body_graph",
            "combine_fn" => "scan_combine_graph",
            _ => "body_graph",
        };
        var number = _nested.GetValueOrDefault(kind);
        _nested[kind] = number + 1;
        var name = string.Create(CultureInfo.InvariantCulture, $"{kind}_{number}");
        json.WriteStartObject("as_graph");
        json.WriteString("name", name);
        json.WritePropertyName("graph");
        new GraphJson(graph, _symbols, _path is null ? name : $"{_path}.{name}").Write(json, ImmutableDictionary<string, GraphArgument>.Empty);
        json.WriteEndObject();
    }

    private static void WriteDevice(Utf8JsonWriter json, string device)
    {
        var colon = device.IndexOf(':');
        json.WriteStartObject("as_device");
        json.WriteString("type", colon < 0 ? device : device[..colon]);
        if (colon >= 0 && int.TryParse(device.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
        {
            json.WriteNumber("index", index);
        }
        else
        {
            json.WriteNull("index");
        }

        json.WriteEndObject();
    }

    // A whole number keeps the point that makes it a float to Python.
    private static void WriteFloat(Utf8JsonWriter json, double value)
    {
        if (!double.IsFinite(value))
        {
            json.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
            return;
        }

        var text = value.ToString("R", CultureInfo.InvariantCulture);
        json.WriteRawValue(text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text);
    }
}
