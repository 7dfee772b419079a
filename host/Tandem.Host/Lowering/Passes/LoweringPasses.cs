using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>The passes of a lowering, in the order in which they run.</summary>
internal static class LoweringPasses
{
    /// <summary>From the ATen dialect of the importer to the edge dialect that partitioners read.</summary>
    public static ImmutableArray<IGraphPass> ToEdge { get; } =
    [
        new InlineWrappers(), new RemoveAsserts(), new Functionalize(), new Decompose(), new FoldBatchNorm(), new SimplifyViews(), new EliminateCommonSubexpressions(keepsQuantized: true), new FoldConstants(foldsQuantized: false), new EliminateDeadCode(), new DuplicateDequantization(),
    ];

    /// <summary>What is left to do once backends have taken their partitions.</summary>
    public static ImmutableArray<IGraphPass> AfterDelegation { get; } =
        [new Decompose(), new WidenHalfConvolutions(), new SimplifyViews(), new NormalizeLayouts(), new EliminateCommonSubexpressions(), new FoldConstants(foldsQuantized: true), new EliminateDeadCode()];

    /// <summary>Runs passes one after the other.</summary>
    /// <param name="method">The method.</param>
    /// <param name="passes">The passes.</param>
    /// <param name="context">What they share.</param>
    /// <param name="afterPass">Called after each pass with its name and what it left.</param>
    /// <returns>The method after the last pass; the same object if none changed anything.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OperatorNotLowerable"/>.</exception>
    public static ExportedMethod Run(ExportedMethod method, ImmutableArray<IGraphPass> passes, PassContext context, Action<string, ExportedMethod>? afterPass = null)
    {
        foreach (var pass in passes)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            var before = method;
            method = pass.Run(method, context);
            if (!ReferenceEquals(method, before))
            {
                Check(pass, method);
            }

            afterPass?.Invoke(pass.Name, method);
            context.AfterPass?.Invoke(pass, method);
        }

        return method;
    }

    // A pass that leaves an impossible method is a defect of ours: it is named here, not where its consequences show.
    private static void Check(IGraphPass pass, ExportedMethod method)
    {
        try
        {
            ExportedProgramChecker.Check(method);
        }
        catch (TandemException error)
        {
            throw new TandemException(error.Code, $"after the pass '{pass.Name}', {error.Problem}", error.Details, error);
        }
    }
}
