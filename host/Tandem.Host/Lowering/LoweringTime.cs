namespace Tandem.Host.Lowering;

/// <summary>Time that a stage of a lowering took, over all methods and backends.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Duration">The time.</param>
public sealed record LoweringTime(LoweringStage Stage, TimeSpan Duration);
