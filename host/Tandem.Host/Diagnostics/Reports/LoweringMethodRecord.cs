namespace Tandem.Host.Diagnostics.Reports;

/// <summary>What became of one method.</summary>
/// <param name="Name">Name of the method.</param>
/// <param name="Nodes">Every node that backends were asked about. Read from a file, they come partition by partition and not in the order of the graph.</param>
/// <param name="Partitions">The partitions, in the order of the method's delegates.</param>
public sealed record LoweringMethodRecord(string Name, IReadOnlyList<LoweringNodeRecord> Nodes, IReadOnlyList<LoweringPartitionRecord> Partitions);
