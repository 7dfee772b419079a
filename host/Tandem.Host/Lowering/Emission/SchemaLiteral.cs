using System.Globalization;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Emission;

/// <summary>Defaults of schemas as PyTorch writes them.</summary>
internal static class SchemaLiteral
{
    /// <summary>Reads a default.</summary>
    /// <param name="text">"None", "True", "1", "1e-05", "[0, 1]", "'none'", "contiguous_format", "strided".</param>
    /// <returns>The argument.</returns>
    internal static GraphArgument Parse(string text)
    {
        if (text.StartsWith('['))
        {
            var inner = text[1..^1].Trim();
            return new GraphArgument.List(inner.Length == 0 ? [] : [.. inner.Split(',').Select(item => Parse(item.Trim()))]);
        }

        if (text is ['\'' or '"', .., _])
        {
            return new GraphArgument.Text(text[1..^1]);
        }

        return text switch
        {
            "None" => new GraphArgument.None(),
            "True" => new GraphArgument.Bool(true),
            "False" => new GraphArgument.Bool(false),
            "inf" => new GraphArgument.Float(double.PositiveInfinity),
            "-inf" => new GraphArgument.Float(double.NegativeInfinity),
            "Mean" => new GraphArgument.Int(1),
            "contiguous_format" or "preserve_format" or "channels_last" => new GraphArgument.Option("memory_format", text),
            "strided" => new GraphArgument.Option("layout", text),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => new GraphArgument.Int(whole),
            _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) => new GraphArgument.Float(real),
            _ => new GraphArgument.Text(text),
        };
    }
}
