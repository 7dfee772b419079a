using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Partitioning;

/// <summary>Nodes of a method that a backend took as one partition.</summary>
/// <param name="Backend">The backend.</param>
/// <param name="Spec">What its partitioner said.</param>
/// <param name="Nodes">Names of the nodes, those of their nested graphs included.</param>
internal sealed record PartitionClaim(LoweringBackend Backend, PartitionSpec Spec, ImmutableHashSet<string> Nodes)
{
    /// <summary>An error of the backend's partitioner about this partition.</summary>
    internal TandemException Invalid(string problem, string method, string found) => new(ErrorCode.BackendResultInvalid, problem, new ErrorDetails
    {
        File = Backend.Title,
        Location = $"{method}: partition '{Spec.Tag}'",
        Found = found,
        NextStep = "correct the backend's partitioner",
    });
}
