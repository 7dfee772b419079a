using System.Collections.Immutable;
using Tandem.Host.Diagnostics.Reports;
using Tandem.Host.Lowering.Partitioning;
using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>One lowering up to the program that is to be emitted: passes, partitions of all methods, then one call of each backend.</summary>
/// <param name="backends">The backends of each method.</param>
/// <param name="calls">How code of backends is called.</param>
/// <param name="passes">Runs the passes.</param>
internal sealed class LoweringRun(LoweringBackends backends, BackendCalls calls, PassRunner passes)
{
    // Refused operators are decomposed and the method is offered again; a backend that then refuses what it took before gets no third whole offer.
    private const int Offers = 2;

    /// <summary>What became of the nodes; set by <see cref="Run"/>.</summary>
    internal LoweringRecord Record { get; private set; } = new([], []);

    /// <summary>Lowers all methods.</summary>
    /// <param name="program">The program, in ATen dialect.</param>
    /// <param name="namedData">The store that all backends share.</param>
    /// <returns>The program, ready to be planned and emitted.</returns>
    internal LoweredProgram Run(ExportedProgram program, NamedDataStore namedData)
    {
        passes.StateBuffers = MutatedBuffers.Find(program);
        var preserved = program.Methods.Select(GetPreserved).ToImmutableArray();
        ImmutableArray<ExportedMethod> edge = [.. program.Methods.Select((method, i) => passes.ToEdge(method, preserved[i], []))];
        // Partitioning comes after all methods are functional: what one method changes is no constant of another.
        var state = edge.SelectMany(method => method.Signature.Outputs).Where(output => output.Kind == GraphOutputKind.BufferMutation)
            .Select(output => output.TargetName!).ToHashSet(StringComparer.Ordinal);
        ImmutableArray<MethodPartitioning> partitioned = [.. edge.Select((method, i) => Partition(method, preserved[i], state))];
        ImmutableArray<CutMethod> cut = [.. partitioned.Select(method => PartitionCutter.Run(method, state))];
        var payloads = BackendPreprocessing.Run(cut, namedData, calls);
        Record = CreateRecord(partitioned, cut, payloads);
        return new LoweredProgram(
            [.. cut.Select(method => new LoweredMethod(passes.AfterDelegation(method.Method), [.. method.Partitions.Select(partition => CreateDelegate(partition, payloads[partition.Partition]))]))],
            namedData);
    }

    private ImmutableHashSet<string> GetPreserved(ExportedMethod method) => backends.For(method.Name)
        .SelectMany(backend => calls.Run(backend, method.Name, () => backend.Partitioner.GetPreservedOperators(method)?.ToList())
            ?? throw backend.Invalid("a partitioner returned no list of preserved operators", method.Name))
        .ToImmutableHashSet(StringComparer.Ordinal);

    private MethodPartitioning Partition(ExportedMethod method, ImmutableHashSet<string> preserved, IReadOnlySet<string> state)
    {
        for (var offer = 0; ; offer++)
        {
            var result = MethodPartitioner.Run(method, backends.For(method.Name), state, calls);
            var refused = result.Outcomes.Where(outcome => outcome.Claim is null && preserved.Contains(outcome.Node.FullName))
                .Select(outcome => outcome.Node.Name).ToImmutableHashSet(StringComparer.Ordinal);
            if (refused.IsEmpty)
            {
                return result;
            }

            preserved = offer < Offers - 1 ? preserved : [];
            var next = passes.ToEdge(method, preserved, refused);
            if (ReferenceEquals(next, method))
            {
                // Nothing takes these operators apart: they are whole for the host, too.
                return result;
            }

            method = next;
        }
    }

    private static LoweredDelegate CreateDelegate(CutPartition partition, PreprocessResult payload) =>
        new(partition.Claim.Backend.BackendId, payload.Processed, payload.CompileSpecs.IsDefault ? partition.Partition.CompileSpecs : payload.CompileSpecs);

    private LoweringRecord CreateRecord(
        ImmutableArray<MethodPartitioning> partitioned, ImmutableArray<CutMethod> cut, IReadOnlyDictionary<BackendPartition, PreprocessResult> payloads) => new(
        [.. backends.All.Select(backend => new LoweringBackendRecord(backend.BackendId, backend.Plugin))],
        [.. partitioned.Zip(cut, (method, parts) =>
        {
            var indices = new Dictionary<PartitionClaim, int>(ReferenceEqualityComparer.Instance);
            for (var i = 0; i < parts.Partitions.Length; i++)
            {
                indices[parts.Partitions[i].Claim] = i;
            }

            return new LoweringMethodRecord(method.Method.Name,
                [.. method.Outcomes.Select(outcome => new LoweringNodeRecord(outcome.Node.Name, outcome.Node.FullName, outcome.Claim is null ? -1 : indices[outcome.Claim],
                    [.. outcome.Refusals.Select(refusal => new LoweringRefusalRecord(refusal.Backend.BackendId, refusal.Reason))]))],
                [.. parts.Partitions.Select((partition, i) => new LoweringPartitionRecord(i, partition.Claim.Backend.BackendId, payloads[partition.Partition].NamedDataKeys))]);
        })]);
}
