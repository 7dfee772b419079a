namespace Tandem.Host.Generation;

/// <summary>How the next token is chosen from logits.</summary>
public sealed record SamplingOptions
{
    /// <summary>Divides the logits; 0 takes the greatest logit (greedy). At least 0.</summary>
    public double Temperature { get; init; }

    /// <summary>Keeps the most probable tokens whose probabilities add up to this; over 0, at most 1.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Seed of the random numbers: equal seeds give equal texts.</summary>
    public int Seed { get; init; }
}
