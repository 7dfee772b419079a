namespace Tandem.Host.Kernels.Pointwise;

/// <summary>A function of one number.</summary>
internal interface IUnaryFunction
{
    static abstract double Apply(double value);

    static virtual long Apply(long value) => throw new NotSupportedException();

    /// <summary>Handles a row of floats with vectors; false if there is no such form.</summary>
    static virtual bool TryVector(ReadOnlySpan<float> source, Span<float> target) => false;
}
