namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>How 32-bit sums become bytes: clamp(round((sum + bias) * scale)) + zero point, half to even.</summary>
/// <param name="ZeroPoint">The result's zero point.</param>
/// <param name="Minimum">Least code.</param>
/// <param name="Maximum">Greatest code.</param>
internal readonly record struct Requantization(int ZeroPoint, int Minimum, int Maximum)
{
    /// <summary>The parameters of a result of signed bytes, with the bounds of its node in real numbers.</summary>
    public static Requantization Of(float scale, int zeroPoint, float minimum, float maximum, int low = sbyte.MinValue, int high = sbyte.MaxValue) =>
        new(zeroPoint, Code(minimum, scale, zeroPoint, low, high), Code(maximum, scale, zeroPoint, low, high));

    /// <summary>The same with results limited further.</summary>
    public Requantization Within(int minimum, int maximum) =>
        this with { Minimum = Math.Clamp(Minimum, minimum, maximum), Maximum = Math.Clamp(Maximum, minimum, maximum) };

    /// <summary>The code of a real number.</summary>
    public static int Code(float value, float scale, int zeroPoint, int low, int high)
    {
        var code = (value / scale) + zeroPoint;
        return (int)MathF.Round(code < low ? low : code > high ? high : code);
    }
}
