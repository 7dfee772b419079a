namespace Tandem.Soak;

/// <summary>What a soak found.</summary>
/// <param name="Tokens">Tokens that the two decoding sessions generated, each checked.</param>
/// <param name="Loads">Programs that were loaded, run, checked and unloaded.</param>
/// <param name="Samples">Memory over time.</param>
/// <param name="Failures">What was wrong; empty if nothing was.</param>
public sealed record SoakResult(long Tokens, long Loads, IReadOnlyList<MemorySample> Samples, IReadOnlyList<string> Failures);
