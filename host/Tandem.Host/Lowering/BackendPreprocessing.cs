using System.Collections.Immutable;
using Tandem.Host.Lowering.Partitioning;
using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>Turns the partitions of all methods into payloads: one call for each backend, after every method has been partitioned.</summary>
internal static class BackendPreprocessing
{
    /// <summary>Calls every backend that has partitions, in the order in which its first partition comes.</summary>
    /// <param name="methods">All methods of the program, cut.</param>
    /// <param name="namedData">The one store of the program.</param>
    /// <param name="calls">How code of backends is called.</param>
    /// <returns>For each partition, by its identity and backend, the payload.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.BackendResultInvalid"/> or <see cref="ErrorCode.BackendLoweringFailed"/>, naming the backend.</exception>
    internal static IReadOnlyDictionary<BackendPartition, PreprocessResult> Run(ImmutableArray<CutMethod> methods, NamedDataStore namedData, BackendCalls calls)
    {
        var results = new Dictionary<BackendPartition, PreprocessResult>(ReferenceEqualityComparer.Instance);
        foreach (var backend in methods.SelectMany(method => method.Partitions).Select(partition => partition.Claim.Backend).Distinct().ToList())
        {
            calls.Report(LoweringStage.Preprocess, backend);
            ImmutableArray<PartitionedMethod> own = [.. methods
                .Select(method => new PartitionedMethod(method.Method.Name, [.. method.Partitions.Where(partition => partition.Claim.Backend == backend).Select(partition => partition.Partition)]))
                .Where(method => !method.Partitions.IsEmpty)];
            var context = new HostPreprocessContext(backend, own, namedData, calls);
            var returned = calls.Run(backend, null, () => backend.Preprocessor.Preprocess(context)?.ToList());
            var partitions = own.SelectMany(method => method.Partitions);
            foreach (var (partition, result) in partitions.Zip(Check(backend, context, returned)))
            {
                results.Add(partition, result);
            }
        }

        return results;
    }

    private static ImmutableArray<PreprocessResult> Check(LoweringBackend backend, HostPreprocessContext context, IReadOnlyList<PreprocessResult>? results)
    {
        if (results is null || results.Any(result => result?.Identity is null || result.Processed is null || result.NamedDataKeys.IsDefault || result.DebugHandles is null))
        {
            throw backend.Invalid("a preprocessor returned nothing, or a result with absent parts", null);
        }

        try
        {
            return PreprocessResult.Check(context, results);
        }
        catch (TandemException error)
        {
            throw new TandemException(error.Code, error.Problem, error.Details with { File = backend.Title }, error);
        }
    }
}
