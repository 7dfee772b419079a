using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Partitioning;

/// <summary>A method whose nodes backends have taken or refused.</summary>
/// <param name="Method">The method, unchanged.</param>
/// <param name="Claims">The partitions of all backends, in the order in which they were claimed.</param>
/// <param name="Outcomes">What became of every node, in the order of the graph, nested graphs included.</param>
internal sealed record MethodPartitioning(ExportedMethod Method, ImmutableArray<PartitionClaim> Claims, ImmutableArray<NodeOutcome> Outcomes);
