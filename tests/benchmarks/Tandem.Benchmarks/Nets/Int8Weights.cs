namespace Tandem.Benchmarks.Nets;

/// <summary>Weights of a layer as signed bytes, with a scale for each output channel and no zero point.</summary>
/// <param name="Name">The name.</param>
/// <param name="Codes">The bytes, -127 to 127.</param>
/// <param name="Scales">One for each output channel.</param>
/// <param name="Sizes">Sizes, the output channels first.</param>
internal sealed record Int8Weights(string Name, sbyte[] Codes, float[] Scales, int[] Sizes)
{
    private const int Greatest = 127;

    /// <summary>The nearest to given weights.</summary>
    public static Int8Weights Of(NetTensor weight)
    {
        var (codes, scales) = (new sbyte[weight.Elements.Length], new float[weight.Sizes[0]]);
        var length = codes.Length / scales.Length;
        for (var channel = 0; channel < scales.Length; channel++)
        {
            var elements = weight.Elements.AsSpan(channel * length, length);
            var greatest = 0f;
            foreach (var element in elements)
            {
                greatest = Math.Max(greatest, Math.Abs(element));
            }

            scales[channel] = greatest / Greatest;
            for (var i = 0; i < length; i++)
            {
                codes[(channel * length) + i] = (sbyte)Math.Clamp(MathF.Round(elements[i] / scales[channel]), -Greatest, Greatest);
            }
        }

        return new Int8Weights(weight.Name, codes, scales, weight.Sizes);
    }
}
