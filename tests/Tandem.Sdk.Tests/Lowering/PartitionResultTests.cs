using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Sdk.Tests.Lowering;

public sealed class PartitionResultTests
{
    private static readonly NodeDecision[] Whole =
        [NodeDecision.Take("a", "t"), NodeDecision.Refuse("b", "dilation 2 is not supported"), NodeDecision.Take("inner", "t")];

    private readonly Context _context = new(Lowered.Method("forward", Lowered.Node("a"), Lowered.Node("taken"),
        Lowered.Node("b", new GraphArgument.List([new GraphArgument.Subgraph(new ExportedGraph([], [Lowered.Node("inner")], []))]))));

    [Fact]
    public void A_whole_result_is_accepted() => new PartitionResult([.. Whole], [new PartitionSpec("t")]).Check(_context);

    [Fact]
    [ProducesError(ErrorCode.BackendResultInvalid)]
    public void A_result_that_is_not_whole_is_refused_where_it_is_wrong()
    {
        Refused("inner", [.. Whole.SkipLast(1)], "t");
        Refused("a", [.. Whole, NodeDecision.Take("a", "t")], "t");
        Refused("taken", [.. Whole, NodeDecision.Take("taken", "t")], "t");
        Refused("zzz", [.. Whole, NodeDecision.Take("zzz", "t")], "t");
        Refused("a: t", Whole, "other");
        Refused("other", Whole, "t", "other");
        Refused("t", Whole, "t", "t");
        Refused("b", [Whole[0], NodeDecision.Refuse("b", ""), Whole[2]], "t");
    }

    private void Refused(string location, NodeDecision[] decisions, params string[] tags)
    {
        var result = new PartitionResult([.. decisions], [.. tags.Select(tag => new PartitionSpec(tag))]);
        Assert.Equal($"forward: {location}", Expect.Error(ErrorCode.BackendResultInvalid, () => result.Check(_context)).Details.Location);
    }

    private sealed class Context(ExportedMethod method) : PartitionContext
    {
        public override ExportedMethod Method => method;

        public override BackendOptions Options => BackendOptions.Empty;

        public override bool IsTaken(GraphNode node) => node.Name == "taken";
    }
}
