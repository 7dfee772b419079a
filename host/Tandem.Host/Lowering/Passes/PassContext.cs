using System.Collections.Immutable;
using Tandem.Host.Kernels;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>What the passes of one lowering share.</summary>
internal sealed class PassContext
{
    private static readonly Lazy<KernelRegistry> Default = new(KernelRegistries.CreateDefault);

    /// <summary>Full names of operators that a backend wants whole ("aten::linear"): decomposition leaves them.</summary>
    public ImmutableHashSet<string> PreservedOperators { get; init; } = [];

    /// <summary>The operators that can run without a backend.</summary>
    public KernelRegistry Kernels { get; init; } = Default.Value;

    /// <summary>Names of nodes whose operator is preserved and that no backend took: decomposition takes them apart.</summary>
    public ImmutableHashSet<string> RefusedNodes { get; init; } = [];

    /// <summary>Buffers that some method of the program writes (<see cref="MutatedBuffers"/>); null if that is unknown, so that every buffer may be one.</summary>
    public ImmutableHashSet<string>? StateBuffers { get; init; }

    /// <summary>Cancels a long pass.</summary>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>Called with the pass and its result after each pass; null if nobody listens.</summary>
    public Action<IGraphPass, ExportedMethod>? AfterPass { get; init; }

    /// <summary>Whether a buffer may change between calls.</summary>
    /// <param name="qualifiedName">The buffer's name in the model.</param>
    /// <returns>True if it is no constant.</returns>
    public bool IsState(string qualifiedName) => StateBuffers is not { } known || known.Contains(qualifiedName);

    /// <summary>Whether decomposition leaves a node. One that it wrote itself, after the backends were asked, is left to nobody.</summary>
    /// <param name="node">The node; without a name while it is being written.</param>
    /// <returns>True if it stays.</returns>
    public bool Keeps(GraphNode node) => IsPreserved(node) && (node.Name.Length > 0 || RefusedNodes.IsEmpty);

    /// <summary>Whether a node is to stay whole.</summary>
    /// <param name="node">The node.</param>
    /// <returns>True if a backend wants its operator and has not refused the node.</returns>
    public bool IsPreserved(GraphNode node) => PreservedOperators.Contains(node.FullName) && !RefusedNodes.Contains(node.Name);
}
