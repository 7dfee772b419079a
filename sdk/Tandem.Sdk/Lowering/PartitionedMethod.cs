using System.Collections.Immutable;

namespace Tandem.Sdk;

/// <summary>The partitions of one method that one backend took.</summary>
/// <param name="Name">Name of the method.</param>
/// <param name="Partitions">The partitions in the order of the graph, then those of nested graphs, the true branch before the false one; never empty.</param>
public sealed record PartitionedMethod(string Name, ImmutableArray<BackendPartition> Partitions);
