namespace Tandem.Benchmarks.Nets;

/// <summary>How an activation is kept in signed bytes: x = (code - zero point) * scale.</summary>
internal readonly record struct Int8Range(float Scale, int ZeroPoint)
{
    /// <summary>The range that holds all of some numbers, and zero exactly.</summary>
    public static Int8Range Of(ReadOnlySpan<float> numbers)
    {
        float least = 0, greatest = 0;
        foreach (var number in numbers)
        {
            (least, greatest) = (Math.Min(least, number), Math.Max(greatest, number));
        }

        var scale = Math.Max(greatest - least, 1e-6f) / (sbyte.MaxValue - sbyte.MinValue);
        return new Int8Range(scale, (int)Math.Clamp(MathF.Round(sbyte.MinValue - (least / scale)), sbyte.MinValue, sbyte.MaxValue));
    }
}
