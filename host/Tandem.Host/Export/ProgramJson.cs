using System.Text.Json;
using Tandem.Host.Building;
using Tandem.Sdk;

namespace Tandem.Host.Export;

/// <summary>Writes a method as the exported program of an archive, schema 8.20.</summary>
internal static class ProgramJson
{
    private const int Major = 8;
    private const int Minor = 20;
    private const int AtenVersion = 10;

    /// <summary>Writes a method.</summary>
    internal static ReadOnlySpan<byte> Write(ExportedMethod method)
    {
        var symbols = new MethodSymbols(method);
        var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { MaxDepth = 1000 }))
        {
            json.WriteStartObject();
            json.WriteStartObject("graph_module");
            json.WritePropertyName("graph");
            var graph = GraphJson.WriteOutermost(json, method, symbols);
            SignatureJson.Write(json, method, graph);
            WriteCalls(json, method);
            json.WriteStartObject("metadata");
            json.WriteEndObject();
            json.WriteStartObject("treespec_namedtuple_fields");
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteStartObject("opset_version");
            json.WriteNumber("aten", AtenVersion);
            json.WriteEndObject();
            json.WriteStartObject("range_constraints");
            foreach (var (symbol, range) in symbols.Ranges)
            {
                json.WriteStartObject(symbol);
                WriteBound(json, "min_val", range.Minimum, long.MinValue);
                WriteBound(json, "max_val", range.Maximum, long.MaxValue);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteStartObject("schema_version");
            json.WriteNumber("major", Major);
            json.WriteNumber("minor", Minor);
            json.WriteEndObject();
            json.WriteStartArray("verifiers");
            json.WriteStringValue("TRAINING");
            json.WriteEndArray();
            json.WriteString("torch_version", "2.13.0");
            json.WriteStartArray("guards_code");
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return text.GetBuffer().AsSpan(0, (int)text.Length);
    }

    private static void WriteCalls(Utf8JsonWriter json, ExportedMethod method)
    {
        json.WriteStartArray("module_call_graph");
        json.WriteStartObject();
        json.WriteString("fqn", "");
        json.WriteStartObject("signature");
        json.WriteStartArray("inputs");
        json.WriteEndArray();
        json.WriteStartArray("outputs");
        json.WriteEndArray();
        json.WriteString("in_spec", method.InputTree.Length > 0 ? method.InputTree : TreeSpecs.OfArguments(method.Signature.UserInputs.Count()));
        json.WriteString("out_spec", method.OutputTree.Length > 0 ? method.OutputTree
            : TreeSpecs.OfResults(method.Signature.Outputs.Count(output => output.Kind == GraphOutputKind.UserOutput)));
        json.WriteNull("forward_arg_names");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteBound(Utf8JsonWriter json, string name, long value, long none)
    {
        if (value == none)
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteNumber(name, value);
        }
    }
}
