using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Partitioning;

/// <summary>Offers the nodes of a method to backends, in their order.</summary>
internal static class MethodPartitioner
{
    /// <summary>Partitions a method.</summary>
    /// <param name="method">The method; unchanged.</param>
    /// <param name="backends">The backends, the preferred first.</param>
    /// <param name="state">Qualified names of buffers that some method of the program changes.</param>
    /// <param name="calls">How code of backends is called.</param>
    /// <returns>Partitions and decisions.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.BackendResultInvalid"/> or <see cref="ErrorCode.BackendLoweringFailed"/>, naming the backend.</exception>
    internal static MethodPartitioning Run(ExportedMethod method, IReadOnlyList<LoweringBackend> backends, IReadOnlySet<string> state, BackendCalls calls)
    {
        var taken = new Dictionary<string, PartitionClaim>(StringComparer.Ordinal);
        var refusals = new Dictionary<string, List<NodeRefusal>>(StringComparer.Ordinal);
        var all = ImmutableArray.CreateBuilder<PartitionClaim>();
        foreach (var backend in backends)
        {
            calls.Report(LoweringStage.Partition, backend, method.Name);
            var context = new MethodPartitionContext(method, backend.OptionsFor(method.Name), taken.ToImmutableDictionary(), state, calls.CancellationToken);
            var result = calls.Run(backend, method.Name, () => backend.Partitioner.Partition(context));
            Check(result, backend, context);
            var nodes = result.Decisions.Where(decision => decision.IsTaken).ToLookup(decision => decision.Tag!, decision => decision.NodeName);
            var claims = result.Partitions.Select(spec => new PartitionClaim(backend, spec, nodes[spec.Tag].ToImmutableHashSet(StringComparer.Ordinal))).ToList();
            foreach (var claim in claims)
            {
                foreach (var name in claim.Nodes)
                {
                    taken.Add(name, claim);
                }
            }

            ClaimChecks.Check(method, claims, taken);
            all.AddRange(claims);
            foreach (var decision in result.Decisions.Where(decision => !decision.IsTaken))
            {
                (refusals.TryGetValue(decision.NodeName, out var list) ? list : refusals[decision.NodeName] = []).Add(new NodeRefusal(backend, decision.Reason!));
            }
        }

        return new MethodPartitioning(method, all.ToImmutable(), [.. NestedGraphs.AllNodes(method.Graph).Select(node =>
            new NodeOutcome(node, taken.GetValueOrDefault(node.Name), [.. refusals.GetValueOrDefault(node.Name, [])]))]);
    }

    private static void Check(PartitionResult? result, LoweringBackend backend, PartitionContext context)
    {
        if (result is null || result.Decisions.IsDefault || result.Partitions.IsDefault
            || result.Partitions.Any(spec => spec?.Tag is null || spec.CompileSpecs.IsDefault || spec.OwnedBuffers.IsDefault))
        {
            throw backend.Invalid("a partitioner returned nothing, or a result with absent parts", context.Method.Name);
        }

        try
        {
            result.Check(context);
        }
        catch (TandemException error)
        {
            throw error.With(new ErrorDetails { File = backend.Title });
        }
    }
}
