namespace Tandem.Host.Diagnostics.Reports;

/// <summary>Who took each node when a program was lowered, who refused it and why, and which data the partitions read.</summary>
/// <param name="Backends">The backends that took part.</param>
/// <param name="Methods">The methods.</param>
public sealed record LoweringRecord(IReadOnlyList<LoweringBackendRecord> Backends, IReadOnlyList<LoweringMethodRecord> Methods);
