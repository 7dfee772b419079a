using Tandem.Sdk;

namespace Tandem.Host.Lowering.Partitioning;

/// <summary>What a partitioner is given.</summary>
internal sealed class MethodPartitionContext(
    ExportedMethod method, BackendOptions options, IReadOnlyDictionary<string, PartitionClaim> taken, IReadOnlySet<string> state, CancellationToken cancellationToken)
    : PartitionContext
{
    public override ExportedMethod Method => method;

    public override BackendOptions Options => options;

    public override CancellationToken CancellationToken => cancellationToken;

    public override bool IsState(string qualifiedName) => state.Contains(qualifiedName);

    public override bool IsTaken(GraphNode node) => taken.ContainsKey(node.Name);
}
