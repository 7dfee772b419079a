using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Partitioning;

/// <summary>What became of a node.</summary>
/// <param name="Node">The node.</param>
/// <param name="Claim">The partition that has it; null if no backend took it.</param>
/// <param name="Refusals">The backends that were asked and refused, each with its reason, in order.</param>
internal sealed record NodeOutcome(GraphNode Node, PartitionClaim? Claim, ImmutableArray<NodeRefusal> Refusals);
