using System.Text.Json;
using Tandem.Sdk;

namespace Tandem.Host.Export;

/// <summary>Writes what the inputs and outputs of a method are.</summary>
internal static class SignatureJson
{
    internal static void Write(Utf8JsonWriter json, ExportedMethod method, GraphJson graph)
    {
        json.WriteStartObject("signature");
        json.WriteStartArray("input_specs");
        foreach (var input in method.Signature.Inputs)
        {
            json.WriteStartObject();
            WriteInput(json, input, graph);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("output_specs");
        for (var i = 0; i < method.Signature.Outputs.Length; i++)
        {
            json.WriteStartObject();
            WriteOutput(json, method.Signature.Outputs[i], method.Graph.Outputs[i], graph);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteInput(Utf8JsonWriter json, GraphInputSpec input, GraphJson graph)
    {
        var name = graph.NameOf(input.ValueName);
        var qualified = input.QualifiedName ?? input.ValueName;
        switch (input.Kind)
        {
            case GraphInputKind.UserInput when input.TracedValue is { } value:
                json.WriteStartObject("constant_input");
                json.WriteString("name", name);
                json.WritePropertyName("value");
                graph.WriteArgument(json, value);
                json.WriteEndObject();
                break;
            case GraphInputKind.UserInput:
                json.WriteStartObject("user_input");
                json.WritePropertyName("arg");
                graph.WriteArgument(json, new GraphArgument.Reference(input.ValueName));
                json.WriteEndObject();
                break;
            case GraphInputKind.Parameter:
                json.WriteStartObject("parameter");
                WriteName(json, name);
                json.WriteString("parameter_name", qualified);
                json.WriteEndObject();
                break;
            case GraphInputKind.Buffer:
                json.WriteStartObject("buffer");
                WriteName(json, name);
                json.WriteString("buffer_name", qualified);
                json.WriteBoolean("persistent", input.IsPersistent);
                json.WriteEndObject();
                break;
            default:
                json.WriteStartObject("tensor_constant");
                WriteName(json, name);
                json.WriteString("tensor_constant_name", qualified);
                json.WriteEndObject();
                break;
        }
    }

    private static void WriteOutput(Utf8JsonWriter json, GraphOutputSpec output, GraphArgument value, GraphJson graph)
    {
        switch (output.Kind)
        {
            case GraphOutputKind.UserOutput:
                json.WriteStartObject("user_output");
                json.WritePropertyName("arg");
                graph.WriteArgument(json, value);
                json.WriteEndObject();
                break;
            case GraphOutputKind.BufferMutation:
                json.WriteStartObject("buffer_mutation");
                WriteName(json, graph.NameOf(((GraphArgument.Reference)value).Name));
                json.WriteString("buffer_name", output.TargetName);
                json.WriteEndObject();
                break;
            default:
                json.WriteStartObject("user_input_mutation");
                WriteName(json, graph.NameOf(((GraphArgument.Reference)value).Name));
                json.WriteString("user_input_name", graph.NameOf(output.TargetName!));
                json.WriteEndObject();
                break;
        }
    }

    private static void WriteName(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject("arg");
        json.WriteString("name", name);
        json.WriteEndObject();
    }
}
