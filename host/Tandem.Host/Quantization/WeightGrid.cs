using Tandem.Sdk;

namespace Tandem.Host.Quantization;

/// <summary>The integers that a weight may become, and the scales that its groups may have.</summary>
/// <param name="Minimum">Least integer.</param>
/// <param name="Maximum">Greatest integer.</param>
/// <param name="Divisor">The greatest magnitude of a group over this is its scale where nothing is searched.</param>
/// <param name="HasShortScales">Whether scales are rounded to bfloat16, as payloads of int4 weights hold them: what is measured is what runs.</param>
internal sealed record WeightGrid(int Minimum, int Maximum, float Divisor, bool HasShortScales)
{
    /// <summary>int4: as torchao, half a step is left over on both sides of -8 to 7.</summary>
    internal static WeightGrid Int4 { get; } = new(-8, 7, 7.5f, true);

    /// <summary>int8 without -128, whose products overflow kernels that add two of them in 16 bits.</summary>
    internal static WeightGrid Int8 { get; } = new(-127, 127, 127f, false);

    internal static WeightGrid Of(QuantizationScheme scheme) => scheme == QuantizationScheme.Int8DynamicActivationInt4Weight ? Int4 : Int8;

    /// <summary>The nearest scale that can be stored.</summary>
    internal float Round(float scale) => HasShortScales ? (float)(BFloat16)scale : scale;
}
