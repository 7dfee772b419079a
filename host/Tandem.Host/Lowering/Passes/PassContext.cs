using System.Collections.Immutable;
using Tandem.Host.Kernels;

namespace Tandem.Host.Lowering.Passes;

/// <summary>What the passes of one lowering share.</summary>
internal sealed class PassContext
{
    private static readonly Lazy<KernelRegistry> Default = new(KernelRegistries.CreateDefault);

    /// <summary>Full names of operators that a backend wants whole ("aten::linear"): decomposition leaves them.</summary>
    public ImmutableHashSet<string> PreservedOperators { get; init; } = [];

    /// <summary>The operators that can run without a backend.</summary>
    public KernelRegistry Kernels { get; init; } = Default.Value;

    /// <summary>Cancels a long pass.</summary>
    public CancellationToken CancellationToken { get; init; }
}
