using System.Collections.Immutable;
using System.Text.Json;
using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <content>Arguments of nodes and results of graphs.</content>
internal sealed partial class GraphReader
{
    private GraphArgument ReadArgument(JsonElement element)
    {
        var (tag, value) = element.Union();
        return tag switch
        {
            "as_none" => new GraphArgument.None(),
            "as_tensor" => Refer(value.Get("name").Text()),
            "as_tensors" => ReadList(value, item => Refer(item.Get("name").Text())),
            "as_nested_tensors" => ReadList(value, list => ReadList(list, item => Refer(item.Get("name").Text()))),
            "as_optional_tensor" => ReadArgument(value),
            "as_optional_tensors" => ReadList(value, ReadArgument),
            "as_int" => new GraphArgument.Int(value.Integer()),
            "as_ints" => ReadList(value, item => new GraphArgument.Int(item.Integer())),
            "as_int_lists" => ReadList(value, list => ReadList(list, item => new GraphArgument.Int(item.Integer()))),
            "as_float" => new GraphArgument.Float(value.Number()),
            "as_floats" => ReadList(value, item => new GraphArgument.Float(item.Number())),
            "as_float_lists" => ReadList(value, list => ReadList(list, item => new GraphArgument.Float(item.Number()))),
            "as_bool" => new GraphArgument.Bool(value.Boolean()),
            "as_bools" => ReadList(value, item => new GraphArgument.Bool(item.Boolean())),
            "as_string" => new GraphArgument.Text(value.Text()),
            "as_strings" => ReadList(value, item => new GraphArgument.Text(item.Text())),
            "as_complex" => new GraphArgument.Complex(value.Get("real").Number(), value.Get("imag").Number()),
            "as_sym_int" or "as_sym_bool" or "as_sym_float" => ReadSymbolic(value),
            "as_sym_ints" or "as_sym_bools" or "as_sym_floats" => ReadList(value, ReadSymbolic),
            "as_scalar_type" => new GraphArgument.DataType(ArchiveCodes.ScalarType(value.Integer())),
            "as_memory_format" => new GraphArgument.Option("memory_format", ArchiveCodes.MemoryFormat(value.Integer())),
            "as_layout" => new GraphArgument.Option("layout", ArchiveCodes.Layout(value.Integer())),
            "as_device" => new GraphArgument.Option("device", ReadDevice(value)),
            "as_graph" => new GraphArgument.Subgraph(ReadNested(value)),
            _ => throw NotSupported("an argument is of an unknown kind", tag, "export the model without this operator"),
        };
    }

    private GraphArgument ReadSymbolic(JsonElement element) => element.Union() switch
    {
        ("as_name", var name) => Refer(name.Text()),
        ("as_int", var value) => new GraphArgument.Int(value.Integer()),
        ("as_bool", var value) => new GraphArgument.Bool(value.Boolean()),
        ("as_float", var value) => new GraphArgument.Float(value.Number()),
        _ => throw Fields.Wrong("a name or a number", element),
    };

    private static GraphArgument.List ReadList(JsonElement list, Func<JsonElement, GraphArgument> read)
    {
        var items = ImmutableArray.CreateBuilder<GraphArgument>(list.Count());
        foreach (var item in list.Items())
        {
            items.Add(read(item));
        }

        return new GraphArgument.List(items.MoveToImmutable());
    }

    private static string ReadDevice(JsonElement device) =>
        device.Get("type").Text() + (device.Find("index") is { } index ? $":{index.Integer()}" : "");
}
