using System.Globalization;
using Tandem.Sdk;

namespace Tandem.Host.Quantization;

/// <summary>A scheme for the layers whose names match a pattern.</summary>
/// <param name="Pattern">Pattern, as <see cref="QuantizationOptions.Include"/> describes it.</param>
/// <param name="Scheme">The scheme.</param>
public sealed record QuantizationRule(string Pattern, QuantizationScheme Scheme)
{
    /// <summary>Inputs that share a scale, for int4 weights: 32, 64, 128, or 0 for a whole row; null for the general one.</summary>
    public int? GroupSize { get; init; }

    /// <summary>Reads "layers.*.wo=8da8w", "output=8da4w:128" or "output=8da4w:channel".</summary>
    /// <param name="text">The text.</param>
    /// <returns>The rule.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>.</exception>
    public static QuantizationRule Parse(string text)
    {
        var equals = text.LastIndexOf('=');
        var colon = text.IndexOf(':', Math.Max(equals, 0));
        var scheme = equals <= 0 ? null : QuantizationSchemes.Find(colon < 0 ? text[(equals + 1)..] : text[(equals + 1)..colon]);
        int? group = null;
        var isGroup = colon < 0;
        if (colon >= 0 && text[(colon + 1)..] is var size)
        {
            isGroup = size == "channel" || int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out _);
            group = size == "channel" ? 0 : isGroup ? int.Parse(size, CultureInfo.InvariantCulture) : null;
        }

        return scheme is { } found && isGroup ? new QuantizationRule(text[..equals], found) { GroupSize = group }
            : throw new TandemException(ErrorCode.ArgumentInvalid, "a rule for layers cannot be read", new ErrorDetails
            {
                Expected = "PATTERN=8da4w or 8da8w, and a group after a colon: 'layers.*.wo=8da4w:64'",
                Found = $"'{text}'",
            });
    }
}
