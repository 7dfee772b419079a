using System.Collections.Immutable;

namespace Tandem.Sdk;

/// <summary>What a partitioner says about a method.</summary>
/// <param name="Decisions">One for each node that no earlier backend took, nested graphs included.</param>
/// <param name="Partitions">The partitions, in any order: the host numbers them by their place in the graph.</param>
public sealed record PartitionResult(ImmutableArray<NodeDecision> Decisions, ImmutableArray<PartitionSpec> Partitions)
{
    /// <summary>Refuses a result that is not whole: a node without or with two decisions, a tag without partition, a partition without nodes.</summary>
    /// <param name="context">What the partitioner was given.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.BackendResultInvalid"/>.</exception>
    public void Check(PartitionContext context)
    {
        var open = AllNodes(context.Method.Graph).Where(node => !context.IsTaken(node)).Select(node => node.Name).ToHashSet(StringComparer.Ordinal);
        var empty = new HashSet<string>(StringComparer.Ordinal);
        foreach (var partition in Partitions)
        {
            if (!empty.Add(partition.Tag))
            {
                throw Invalid("two partitions have one tag", context, partition.Tag);
            }
        }

        var tags = empty.ToHashSet(StringComparer.Ordinal);
        foreach (var decision in Decisions)
        {
            if (!open.Remove(decision.NodeName))
            {
                throw Invalid("a decision names a node that is absent, taken, or decided already", context, decision.NodeName);
            }

            if (decision.Tag is { } tag && !tags.Contains(tag))
            {
                throw Invalid("a node is in a partition that is not listed", context, $"{decision.NodeName}: {tag}");
            }

            if (decision is { Tag: null, Reason: null or "" })
            {
                throw Invalid("a node is refused without a reason", context, decision.NodeName);
            }

            empty.Remove(decision.Tag ?? "");
        }

        if (open.Count > 0)
        {
            throw Invalid("a node has no decision", context, open.Order(StringComparer.Ordinal).First());
        }

        if (empty.Count > 0)
        {
            throw Invalid("a partition has no nodes", context, empty.Order(StringComparer.Ordinal).First());
        }
    }

    private static IEnumerable<GraphNode> AllNodes(ExportedGraph graph) => graph.Nodes.SelectMany(node =>
        node.Arguments.SelectMany(argument => Nested(argument.Value)).SelectMany(AllNodes).Prepend(node));

    private static IEnumerable<ExportedGraph> Nested(GraphArgument argument) => argument switch
    {
        GraphArgument.Subgraph nested => [nested.Value],
        GraphArgument.List list => list.Items.SelectMany(Nested),
        _ => [],
    };

    private static TandemException Invalid(string problem, PartitionContext context, string location) => new(ErrorCode.BackendResultInvalid, problem,
        new ErrorDetails { Location = $"{context.Method.Name}: {location}", NextStep = "correct the backend's partitioner" });
}
