namespace Tandem.Host.Generation;

/// <summary>Where the time of a generation went.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="PromptTime">Time to the first logits.</param>
/// <param name="NewTokens">Tokens that decode calls were made for.</param>
/// <param name="DecodeTime">Time of the decode calls, sampling included.</param>
public readonly record struct GenerationStatistics(int PromptTokens, TimeSpan PromptTime, int NewTokens, TimeSpan DecodeTime)
{
    /// <summary>Prompt tokens a second.</summary>
    public double PromptTokensPerSecond => PromptTokens / Math.Max(PromptTime.TotalSeconds, 1e-9);

    /// <summary>New tokens a second.</summary>
    public double NewTokensPerSecond => NewTokens / Math.Max(DecodeTime.TotalSeconds, 1e-9);
}
