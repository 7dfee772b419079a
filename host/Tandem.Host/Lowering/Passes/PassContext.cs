using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>What the passes of one lowering share.</summary>
internal sealed class PassContext
{
    /// <summary>Full names of operators that a backend wants whole ("aten::linear"): decomposition leaves them.</summary>
    public ImmutableHashSet<string> PreservedOperators { get; init; } = [];

    /// <summary>Names of nodes whose operator is preserved and that no backend took: decomposition takes them apart.</summary>
    public ImmutableHashSet<string> RefusedNodes { get; init; } = [];

    /// <summary>Cancels a long pass.</summary>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>Called with the pass and its result after each pass; null if nobody listens.</summary>
    public Action<IGraphPass, ExportedMethod>? AfterPass { get; init; }

    /// <summary>Whether a node is to stay whole.</summary>
    /// <param name="node">The node.</param>
    /// <returns>True if a backend wants its operator and has not refused the node.</returns>
    public bool IsPreserved(GraphNode node) => PreservedOperators.Contains(node.FullName) && !RefusedNodes.Contains(node.Name);
}
