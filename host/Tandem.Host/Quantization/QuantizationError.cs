namespace Tandem.Host.Quantization;

/// <summary>How far the values of a quantised weight are from the float ones.</summary>
/// <param name="MaxAbsolute">Greatest difference of a value.</param>
/// <param name="RelativeRms">Root of the sum of squared differences over the sum of squared weights; 0 for a weight of zeros.</param>
public readonly record struct QuantizationError(double MaxAbsolute, double RelativeRms)
{
    /// <summary>Signal to quantisation noise in decibels; infinite where there is no error.</summary>
    public double SignalToNoise => -20 * Math.Log10(RelativeRms);
}
