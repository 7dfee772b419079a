using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Partitioning;

/// <summary>A method whose partitions have become delegate calls.</summary>
/// <param name="Method">The method; the argument "delegate" of a call is the index into <paramref name="Partitions"/>.</param>
/// <param name="Partitions">The partitions of all backends: those of the top level in the order of the graph, then those of nested graphs.</param>
internal sealed record CutMethod(ExportedMethod Method, ImmutableArray<CutPartition> Partitions);
