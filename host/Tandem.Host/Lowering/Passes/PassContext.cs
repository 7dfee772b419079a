using System.Collections.Immutable;

namespace Tandem.Host.Lowering.Passes;

/// <summary>What the passes of one lowering share.</summary>
internal sealed class PassContext
{
    /// <summary>Full names of operators that a backend wants whole ("aten::linear"): decomposition leaves them.</summary>
    public ImmutableHashSet<string> PreservedOperators { get; init; } = [];

    /// <summary>Cancels a long pass.</summary>
    public CancellationToken CancellationToken { get; init; }
}
