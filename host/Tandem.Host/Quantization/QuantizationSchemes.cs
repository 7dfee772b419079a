namespace Tandem.Host.Quantization;

/// <summary>Facts about schemes.</summary>
internal static class QuantizationSchemes
{
    /// <summary>Short names, as torchao's users know them.</summary>
    internal static string ShortName(this QuantizationScheme scheme) => scheme switch
    {
        QuantizationScheme.Int8DynamicActivationInt4Weight => "8da4w",
        QuantizationScheme.Int8DynamicActivationInt8Weight => "8da8w",
        _ => throw new ArgumentOutOfRangeException(nameof(scheme)),
    };

    /// <summary>The scheme with a short name; null if there is none.</summary>
    internal static QuantizationScheme? Find(string name) => name switch
    {
        "8da4w" => QuantizationScheme.Int8DynamicActivationInt4Weight,
        "8da8w" => QuantizationScheme.Int8DynamicActivationInt8Weight,
        _ => null,
    };
}
