namespace Tandem.Host.Diagnostics.Reports;

/// <summary>What became of one node.</summary>
/// <param name="Name">Name of the node.</param>
/// <param name="Operator">Its operator, with the overload.</param>
/// <param name="Partition">Index of the delegate that has it; -1 if no backend took it.</param>
/// <param name="Refusals">The backends that refused it, in the order in which they were asked.</param>
public sealed record LoweringNodeRecord(string Name, string Operator, int Partition, IReadOnlyList<LoweringRefusalRecord> Refusals);
