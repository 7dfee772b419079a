namespace Tandem.Benchmarks.Nets;

/// <summary>Weights [N, K] that lie exactly on a 4-bit grid: every contender quantises them to the same values.</summary>
/// <param name="Float">The weights as floats.</param>
/// <param name="Values">-8 to 7, element by element.</param>
/// <param name="Scales">One for each block of a row, exact in bfloat16.</param>
internal sealed record Int4Weights(NetTensor Float, sbyte[] Values, float[] Scales)
{
    /// <summary>Elements of a row that share a scale.</summary>
    public const int BlockSize = 32;

    /// <summary>Bytes of a weight that 4 bits and a bfloat16 scale for each block take.</summary>
    public const double BytesOfWeight = 0.5 + (2.0 / BlockSize);
}
