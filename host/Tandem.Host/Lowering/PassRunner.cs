using System.Collections.Immutable;
using Tandem.Host.Kernels;
using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>Runs the passes of a lowering over methods, and says so.</summary>
/// <param name="toEdge">Passes before partitioning.</param>
/// <param name="afterDelegation">Passes after it.</param>
/// <param name="kernels">The operators that can run without a backend.</param>
/// <param name="calls">Who hears of progress.</param>
/// <param name="afterPass">Called after each pass; null for nobody.</param>
internal sealed class PassRunner(
    ImmutableArray<IGraphPass> toEdge, ImmutableArray<IGraphPass> afterDelegation, KernelRegistry kernels, BackendCalls calls, Action<IGraphPass, ExportedMethod>? afterPass = null)
{
    /// <summary>Buffers that some method writes; null if that is unknown.</summary>
    internal ImmutableHashSet<string>? StateBuffers { get; set; }

    /// <summary>Brings a method into edge dialect.</summary>
    /// <param name="method">The method, in ATen dialect or in edge dialect already.</param>
    /// <param name="preserved">Operators that stay whole.</param>
    /// <param name="refused">Nodes that do not.</param>
    internal ExportedMethod ToEdge(ExportedMethod method, ImmutableHashSet<string> preserved, ImmutableHashSet<string> refused) => Run(method, toEdge, new PassContext
    {
        PreservedOperators = preserved,
        RefusedNodes = refused,
        Kernels = kernels,
        StateBuffers = StateBuffers,
        AfterPass = afterPass,
        CancellationToken = calls.CancellationToken,
    });

    /// <summary>Does what is left once backends have taken their partitions.</summary>
    internal ExportedMethod AfterDelegation(ExportedMethod method) =>
        Run(method, afterDelegation, new PassContext { Kernels = kernels, StateBuffers = StateBuffers, AfterPass = afterPass, CancellationToken = calls.CancellationToken });

    private ExportedMethod Run(ExportedMethod method, ImmutableArray<IGraphPass> passes, PassContext context)
    {
        calls.Report(LoweringStage.Passes, method.Name);
        return LoweringPasses.Run(method, passes, context);
    }
}
