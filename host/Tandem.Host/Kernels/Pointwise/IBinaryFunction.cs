namespace Tandem.Host.Kernels.Pointwise;

/// <summary>A function of two numbers.</summary>
internal interface IBinaryFunction
{
    static abstract double Apply(double left, double right);

    static virtual long Apply(long left, long right) => throw new NotSupportedException();

    /// <summary>Handles two rows of floats with vectors; false if there is no such form.</summary>
    static virtual bool TryVector(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> target) => false;

    /// <summary>Handles a row of floats and one number with vectors; false if there is no such form.</summary>
    static virtual bool TryVector(ReadOnlySpan<float> left, float right, Span<float> target) => false;
}
