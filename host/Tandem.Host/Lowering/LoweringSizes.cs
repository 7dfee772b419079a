namespace Tandem.Host.Lowering;

/// <summary>Bytes of weights and payloads.</summary>
/// <param name="WeightBytes">Bytes of all distinct contents that were written: constants, named data, first values of state.</param>
/// <param name="PayloadBytes">Bytes of all distinct payloads.</param>
/// <param name="UnsharedBytes">
/// What the same would have taken without sharing: each partition with its payload and the data it reads, each method with the constants of its own
/// operators.
/// </param>
public sealed record LoweringSizes(long WeightBytes, long PayloadBytes, long UnsharedBytes)
{
    /// <summary>Bytes that sharing saved.</summary>
    public long SharedBytes => UnsharedBytes - WeightBytes - PayloadBytes;
}
