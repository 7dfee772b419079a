using System.Collections.Immutable;

namespace Tandem.Sdk;

/// <summary>The payload of one partition.</summary>
/// <param name="Identity">The partition that it is for.</param>
/// <param name="Processed">
/// The processed bytes. May be empty, may be only a reference to named data (a key, a function's name), and may be the same object for several
/// partitions (one context for all methods): equal payloads are stored once.
/// </param>
public sealed record PreprocessResult(PartitionIdentity Identity, DataContent Processed)
{
    /// <summary>For each debug handle of the payload the debug handles of the nodes that it stands for.</summary>
    public ImmutableDictionary<int, ImmutableArray<int>> DebugHandles { get; init; } = ImmutableDictionary<int, ImmutableArray<int>>.Empty;

    /// <summary>Keys that the payload reads from named data at run time: what the backend put in the store for it, or found there.</summary>
    public ImmutableArray<string> NamedDataKeys { get; init; } = [];

    /// <summary>Compile specs to write instead of those that the partition came with; default to keep them.</summary>
    public ImmutableArray<CompileSpec> CompileSpecs { get; init; }

    /// <summary>Refuses results that are not one for each partition, or name data that is not in the store.</summary>
    /// <param name="context">What the preprocessor was given.</param>
    /// <param name="results">What it returned, in any order.</param>
    /// <returns>The results in the order of the context's partitions.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.BackendResultInvalid"/>.</exception>
    public static ImmutableArray<PreprocessResult> Check(PreprocessContext context, IReadOnlyList<PreprocessResult> results)
    {
        var byIdentity = new Dictionary<PartitionIdentity, PreprocessResult>();
        foreach (var result in results)
        {
            if (!byIdentity.TryAdd(result.Identity, result))
            {
                throw Invalid("a backend returned two payloads for one partition", context, result.Identity);
            }

            foreach (var key in result.NamedDataKeys)
            {
                if (!context.NamedData.Contains(key))
                {
                    throw Invalid($"a payload reads '{key}', which is not in the store", context, result.Identity);
                }
            }
        }

        var ordered = ImmutableArray.CreateBuilder<PreprocessResult>();
        foreach (var partition in context.Methods.SelectMany(method => method.Partitions))
        {
            ordered.Add(byIdentity.Remove(partition.Identity, out var result) ? result
                : throw Invalid("a backend returned no payload for a partition", context, partition.Identity));
        }

        return byIdentity.Count == 0 ? ordered.ToImmutable()
            : throw Invalid("a backend returned a payload for a partition that is not there", context, byIdentity.Keys.First());
    }

    private static TandemException Invalid(string problem, PreprocessContext context, PartitionIdentity identity) =>
        new(ErrorCode.BackendResultInvalid, problem, new ErrorDetails { File = context.BackendId, Location = identity.ToString(), NextStep = "correct the backend's preprocessor" });
}
