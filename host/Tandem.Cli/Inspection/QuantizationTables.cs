using System.Globalization;
using Tandem.Host.Quantization;

namespace Tandem.Cli.Inspection;

/// <summary>Turns what a quantisation did into tables.</summary>
internal static class QuantizationTables
{
    /// <summary>The layers that were quantised.</summary>
    public static ReportTable Layers(QuantizationReport report) => new("Quantised layers",
        ["layer", "shape", "scheme", "uses", "SQNR dB", "without clipping", "RMS error", "greatest error", "before", "after"],
        [.. report.Layers.Select(layer => (IReadOnlyList<string>)
        [
            layer.Name,
            string.Create(CultureInfo.InvariantCulture, $"{layer.Outputs} x {layer.Inputs}"),
            Scheme(layer),
            layer.Uses.ToString(CultureInfo.InvariantCulture),
            Decibels(layer.Error),
            Decibels(layer.WithoutClipping),
            layer.Error.RelativeRms.ToString("0.00000", CultureInfo.InvariantCulture),
            layer.Error.MaxAbsolute.ToString("0.00000", CultureInfo.InvariantCulture),
            Sizes.Format(layer.BytesBefore),
            Sizes.Format(layer.BytesAfter),
        ])]);

    /// <summary>The linear layers that stay float.</summary>
    public static ReportTable FloatLayers(QuantizationReport report) => new("Layers that stay float", ["layer", "first in", "why"],
        [.. report.FloatLayers.Select(layer => (IReadOnlyList<string>)[layer.Name, $"{layer.Method}: {layer.Node}", layer.Reason])]);

    private static string Scheme(QuantizedLayer layer) => layer.Scheme == QuantizationScheme.Int8DynamicActivationInt8Weight ? "8da8w"
        : string.Create(CultureInfo.InvariantCulture, $"8da4w, {(layer.GroupSize == 0 ? "rows" : layer.GroupSize)}");

    private static string Decibels(QuantizationError error) =>
        double.IsFinite(error.SignalToNoise) ? error.SignalToNoise.ToString("0.00", CultureInfo.InvariantCulture) : "exact";
}
