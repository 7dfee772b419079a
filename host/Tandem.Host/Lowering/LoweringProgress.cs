namespace Tandem.Host.Lowering;

/// <summary>A step of a lowering that begins, or goes on.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Subject">What it works on: a file, a method, a backend; for a partitioner the backend, then the method.</param>
public sealed record LoweringProgress(LoweringStage Stage, string Subject)
{
    /// <summary>What a backend says about its own work; null when the step begins.</summary>
    public string? Step { get; init; }

    /// <summary>How much of the step is done, 0 to 1; 0 when it begins.</summary>
    public double Fraction { get; init; }

    /// <summary>"Preprocess XnnpackBackend: packing, 50 %".</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Step is null ? $"{Stage} {Subject}"
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Stage} {Subject}: {Step}, {Fraction * 100:0} %");
}
