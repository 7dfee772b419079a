using System.Text.Json;

namespace Tandem.Host.Quantization;

/// <summary>What a quantisation did, layer by layer, in the order of first use.</summary>
public sealed record QuantizationReport
{
    /// <summary>The layers that were quantised.</summary>
    public required IReadOnlyList<QuantizedLayer> Layers { get; init; }

    /// <summary>The linear layers that stay float.</summary>
    public required IReadOnlyList<FloatLayer> FloatLayers { get; init; }

    /// <summary>Bytes of all float weights that were quantised.</summary>
    public long BytesBefore => Layers.Sum(layer => layer.BytesBefore);

    /// <summary>Bytes of what stands for them.</summary>
    public long BytesAfter => Layers.Sum(layer => layer.BytesAfter);

    /// <summary>Time that it took.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Writes the report as JSON, without the time: equal input gives equal bytes. A ratio without end is null.</summary>
    /// <param name="target">Receives UTF-8; not closed.</param>
    public void WriteJson(Stream target)
    {
        using var json = new Utf8JsonWriter(target, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        json.WriteStartObject();
        json.WriteStartArray("layers");
        foreach (var layer in Layers)
        {
            json.WriteStartObject();
            json.WriteString("name", layer.Name);
            json.WriteNumber("outputs", layer.Outputs);
            json.WriteNumber("inputs", layer.Inputs);
            json.WriteString("scheme", layer.Scheme.ShortName());
            json.WriteNumber("group", layer.GroupSize);
            json.WriteNumber("uses", layer.Uses);
            Write(json, "without_clipping", layer.WithoutClipping);
            Write(json, "error", layer.Error);
            json.WriteNumber("bytes_before", layer.BytesBefore);
            json.WriteNumber("bytes_after", layer.BytesAfter);
            json.WriteString("float_stays", layer.FloatStays);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("float_layers");
        foreach (var layer in FloatLayers)
        {
            json.WriteStartObject();
            json.WriteString("name", layer.Name);
            json.WriteString("method", layer.Method);
            json.WriteString("node", layer.Node);
            json.WriteString("reason", layer.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("bytes_before", BytesBefore);
        json.WriteNumber("bytes_after", BytesAfter);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, QuantizationError error)
    {
        json.WriteStartObject(name);
        json.WriteNumber("max_absolute", error.MaxAbsolute);
        json.WriteNumber("relative_rms", error.RelativeRms);
        if (double.IsFinite(error.SignalToNoise))
        {
            json.WriteNumber("sqnr_db", Math.Round(error.SignalToNoise, 4));
        }
        else
        {
            json.WriteNull("sqnr_db");
        }

        json.WriteEndObject();
    }
}
