using System.Collections.Immutable;

namespace Tandem.Sdk;

/// <summary>A partition that a partitioner proposes.</summary>
/// <param name="Tag">Unique in its method; the nodes with this tag are the partition.</param>
public sealed record PartitionSpec(string Tag)
{
    /// <summary>Compile specs of this partition alone: partitions of one program may differ (hybrid compilation).</summary>
    public ImmutableArray<CompileSpec> CompileSpecs { get; init; } = [];

    /// <summary>Pairs the partition with those of other methods that have the same key; null if it is paired by position or not at all.</summary>
    public string? PairingKey { get; init; }

    /// <summary>Mutated buffers, by qualified name, whose state the delegate keeps itself; empty if the host keeps all state.</summary>
    public ImmutableArray<string> OwnedBuffers { get; init; } = [];
}
