using System.Collections.Immutable;
using Tandem.Host.Lowering.Passes;

namespace Tandem.Host.Lowering;

/// <summary>The passes of a lowering, in the order in which they run.</summary>
internal static class LoweringPipeline
{
    /// <summary>From the ATen dialect of the importer to the edge dialect that partitioners read.</summary>
    internal static ImmutableArray<IGraphPass> ToEdge { get; } = [];

    /// <summary>What is left to do once backends have taken their partitions.</summary>
    internal static ImmutableArray<IGraphPass> AfterDelegation { get; } = [];
}
