using System.Runtime.CompilerServices;

namespace Tandem.Host.Quantization;

/// <summary>Sums over groups of a weight. Sums of parts are added in the order of the rows, so that no number of threads changes them.</summary>
internal struct WeightStatistics
{
    private double _weights;
    private double _errorsOfFirst;
    private double _errors;
    private double _greatestOfFirst;
    private double _greatest;

    /// <summary>Error with the scales that nothing was searched for.</summary>
    internal readonly QuantizationError WithoutClipping => new(_greatestOfFirst, Ratio(_errorsOfFirst));

    /// <summary>Error with the scales that were taken.</summary>
    internal readonly QuantizationError Error => new(_greatest, Ratio(_errors));

    /// <summary>Takes in a group.</summary>
    /// <param name="weights">The group.</param>
    /// <param name="first">The scale that nothing was searched for.</param>
    /// <param name="scale">The scale that was taken.</param>
    /// <param name="power">What weights and scales were divided by.</param>
    /// <param name="grid">The integers.</param>
    internal void Add(ReadOnlySpan<float> weights, float first, float scale, double power, WeightGrid grid)
    {
        double squares = 0;
        foreach (var weight in weights)
        {
            squares += (double)weight * weight;
        }

        var square = power * power;
        _weights += squares * square;
        var (sum, greatest) = Measure(weights, scale, grid);
        _errors += sum * square;
        _greatest = Math.Max(_greatest, greatest * power);
        if (first != scale)
        {
            (sum, greatest) = Measure(weights, first, grid);
        }

        _errorsOfFirst += sum * square;
        _greatestOfFirst = Math.Max(_greatestOfFirst, greatest * power);
    }

    /// <summary>Takes in the groups of the rows that follow.</summary>
    internal void Add(in WeightStatistics other)
    {
        _weights += other._weights;
        _errorsOfFirst += other._errorsOfFirst;
        _errors += other._errors;
        _greatestOfFirst = Math.Max(_greatestOfFirst, other._greatestOfFirst);
        _greatest = Math.Max(_greatest, other._greatest);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (double Sum, double Greatest) Measure(ReadOnlySpan<float> weights, float scale, WeightGrid grid)
    {
        var inverse = 1 / scale;
        var (least, most) = ((float)grid.Minimum, (float)grid.Maximum);
        double sum = 0, greatest = 0;
        foreach (var weight in weights)
        {
            var error = Math.Abs((double)weight - ((double)Math.Clamp(MathF.Round(weight * inverse), least, most) * scale));
            sum += error * error;
            greatest = Math.Max(greatest, error);
        }

        return (sum, greatest);
    }

    private readonly double Ratio(double errors) => _weights == 0 ? 0 : Math.Sqrt(errors / _weights);
}
