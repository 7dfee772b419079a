using System.Text.Json;
using Tandem.Host.Import.Models;
using Tandem.Host.Lowering.Inference;
using Tandem.Sdk;

namespace Tandem.Host.Export;

/// <summary>Writes what an archive says of a tensor.</summary>
internal static class TensorMeta
{
    /// <summary>Writes.</summary>
    /// <param name="json">The target.</param>
    /// <param name="spec">The tensor.</param>
    /// <param name="symbols">Symbols of the method; null where all sizes are numbers.</param>
    internal static void Write(Utf8JsonWriter json, TensorSpec spec, MethodSymbols? symbols)
    {
        json.WriteStartObject();
        json.WriteNumber("dtype", ArchiveCodes.OfScalarType(spec.ScalarType));
        WriteList(json, "sizes", spec.Sizes.AsSpan(), symbols);
        json.WriteBoolean("requires_grad", false);
        json.WriteStartObject("device");
        json.WriteString("type", "cpu");
        json.WriteNull("index");
        json.WriteEndObject();
        WriteList(json, "strides", Layouts.StridesOf(spec).AsSpan(), symbols);
        json.WritePropertyName("storage_offset");
        WriteInteger(json, spec.StorageOffset, symbols);
        json.WriteNumber("layout", ArchiveCodes.Strided);
        json.WriteEndObject();
    }

    /// <summary>Writes an integer: {"as_int": n} or {"as_expr": ...} with the value that it has in an example.</summary>
    internal static void WriteInteger(Utf8JsonWriter json, SymbolicInt value, MethodSymbols? symbols)
    {
        json.WriteStartObject();
        if (value.IsConstant)
        {
            json.WriteNumber("as_int", value.Value);
        }
        else
        {
            var (text, hint) = (symbols ?? throw new InvalidOperationException("a symbolic size without symbols")).Describe(value);
            json.WriteStartObject("as_expr");
            json.WriteString("expr_str", text);
            if (hint is { } number)
            {
                json.WriteStartObject("hint");
                json.WriteNumber("as_int", number);
                json.WriteEndObject();
            }
            else
            {
                json.WriteNull("hint");
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, string name, ReadOnlySpan<SymbolicInt> values, MethodSymbols? symbols)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            WriteInteger(json, value, symbols);
        }

        json.WriteEndArray();
    }
}
