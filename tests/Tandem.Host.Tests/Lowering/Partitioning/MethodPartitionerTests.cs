using Tandem.Host.Lowering;
using Tandem.Host.Lowering.Partitioning;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Lowering.Partitioning;

public sealed class MethodPartitionerTests
{
    private static readonly ExportedMethod Chain = new GraphSketch("forward").Input("x")
        .Node("a", "aten::relu", "x").Node("b", "aten::neg", "a").Node("c", "aten::relu", "b").Node("d", "aten::abs", "x").Output("c", "d").Build();

    [Fact]
    public void Backends_are_asked_in_order_and_every_node_keeps_who_took_it_and_who_refused_and_why()
    {
        var first = TestBackend.Of(new TestBackend(node => node.Name == "b" ? "t" : null), "First");
        var second = TestBackend.Of(new TestBackend(node => node.Operator == "aten::relu" ? node.Name : null), "Second");
        var result = Run(Chain, first, second);
        Assert.Equal(
        [
            "a: Second, First refused: aten::relu is refused",
            "b: First",
            "c: Second, First refused: aten::relu is refused",
            "d: none, First refused: aten::abs is refused, Second refused: aten::abs is refused",
        ], result.Outcomes.Select(outcome => string.Join(", ", outcome.Refusals.Select(refusal => $"{refusal.Backend.BackendId} refused: {refusal.Reason}")
            .Prepend($"{outcome.Node.Name}: {outcome.Claim?.Backend.BackendId ?? "none"}"))));
        Assert.Equal(3, result.Claims.Length);
    }

    [Fact]
    [ProducesError(ErrorCode.BackendResultInvalid)]
    public void A_partition_through_which_a_cycle_runs_is_refused_with_the_backend_named()
    {
        var error = Refused(Chain, new TestBackend(node => node.Operator == "aten::relu" ? "t" : null));
        Assert.Equal("TestBackend of test 1.0", error.Details.File);
        Assert.Equal("forward: partition 't'", error.Details.Location);
        Assert.Contains("partition 't'", error.Details.Found, StringComparison.Ordinal);
        Assert.Contains("b", error.Details.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_partitions_that_are_convex_alone_and_close_a_cycle_together_are_refused()
    {
        var method = new GraphSketch("forward").Input("x").Node("a", "aten::relu", "x").Node("b", "aten::neg", "a")
            .Node("c", "aten::relu", "x").Node("d", "aten::neg", "c").Output("b", "d").Build();
        var error = Refused(method, new TestBackend(node => node.Name is "a" or "d" ? "t" : "u"));
        Assert.Contains("partition 't'", error.Details.Found, StringComparison.Ordinal);
        Assert.Contains("partition 'u'", error.Details.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cycle_with_an_earlier_backend_is_the_later_ones_error()
    {
        var method = new GraphSketch("forward").Input("x").Node("a", "aten::relu", "x").Node("b", "aten::neg", "a")
            .Node("c", "aten::relu", "x").Node("d", "aten::neg", "c").Output("b", "d").Build();
        var error = Assert.Throws<TandemException>(() => Run(method,
            TestBackend.Of(new TestBackend(node => node.Name is "a" or "d" ? "t" : null), "First"),
            TestBackend.Of(new TestBackend(node => node.Name is "b" or "c" ? "u" : null), "Second")));
        Assert.Equal("Second of test 1.0", error.Details.File);
    }

    [Fact]
    public void A_partition_over_two_nested_graphs_or_half_of_a_control_flow_node_is_refused()
    {
        var method = new GraphSketch("forward").Input("p").Input("x")
            .Node(GraphSketch.Cond("c", "p", GraphSketch.Graph(["tx"], [GraphSketch.Call("t0", "aten::neg", "tx")], "t0"),
                GraphSketch.Graph(["fx"], [GraphSketch.Call("f0", "aten::abs", "fx")], "f0"), "x")).Output("c").Build();
        Assert.Equal("f0", Refused(method, new TestBackend(node => node.Name is "t0" or "f0" ? "t" : null)).Details.Found);
        Assert.Equal("t0", Refused(method, new TestBackend(node => node.Name == "c" ? "t" : null)).Details.Found);
    }

    [Fact]
    public void A_partition_that_owns_a_buffer_must_be_its_only_reader_and_its_writer()
    {
        var method = new GraphSketch("forward").Input("x").Buffer("cache", 1).Buffer("fixed", 1)
            .Node("n0", "aten::add.Tensor", "cache", "x").Node("n1", "aten::add.Tensor", "cache", "fixed").Mutation("cache", "n0").Output("n1").Build();
        PartitionSpec Own(PartitionSpec spec, string buffer) => spec with { OwnedBuffers = [buffer] };
        Assert.Equal("q.cache, read by n1", Refused(method, new TestBackend(node => node.Name == "n0" ? "t" : null) { Specify = spec => Own(spec, "q.cache") }).Details.Found);
        Assert.Equal("q.cache, read by n0", Refused(method, new TestBackend(node => node.Name == "n1" ? "t" : null) { Specify = spec => Own(spec, "q.cache") }).Details.Found);
        Assert.Equal("q.fixed", Refused(method, new TestBackend(_ => "t") { Specify = spec => Own(spec, "q.fixed") }).Details.Found);
        Assert.Equal("absent", Refused(method, new TestBackend(_ => "t") { Specify = spec => Own(spec, "absent") }).Details.Found);
    }

    [Fact]
    public void A_result_that_is_not_whole_is_refused_with_the_backend_named()
    {
        Assert.Equal("TestBackend of test 1.0", Refused(Chain, new TestBackend(_ => null) { Partitioner = _ => new PartitionResult([], []) }).Details.File);
        Refused(Chain, new TestBackend(_ => null) { Partitioner = _ => null! });
        Refused(Chain, new TestBackend(_ => null) { Partitioner = _ => new PartitionResult(default, default) });
    }

    [Fact]
    [ProducesError(ErrorCode.BackendLoweringFailed)]
    public void A_backend_that_throws_hangs_or_is_cancelled_ends_the_lowering_and_is_named()
    {
        var thrown = Failed(new TestBackend(_ => null) { Partitioner = _ => throw new InvalidOperationException("no licence") }, 60_000);
        Assert.Equal(("TestBackend of test 1.0", "forward", "InvalidOperationException: no licence"), (thrown.Details.File, thrown.Details.Location, thrown.Details.Found));
        using var release = new ManualResetEventSlim();
        try
        {
            var hung = Failed(new TestBackend(_ => null) { Partitioner = _ => Wait(release) }, 100);
            Assert.Contains("0.1 s", hung.Details.Expected, StringComparison.Ordinal);
            using var cancellation = new CancellationTokenSource(50);
            Assert.Throws<OperationCanceledException>(() => MethodPartitioner.Run(Chain,
                [TestBackend.Of(new TestBackend(_ => null) { Partitioner = _ => Wait(release) })], new HashSet<string>(), new BackendCalls(TimeSpan.FromMinutes(1), null, cancellation.Token)));
        }
        finally
        {
            release.Set();
        }
    }

    [Fact]
    public void A_typed_error_of_a_backend_keeps_its_code_and_gets_the_backends_name()
    {
        var error = Assert.Throws<TandemException>(() => Run(Chain, TestBackend.Of(new TestBackend(_ => null)
        {
            Partitioner = _ => throw new TandemException(ErrorCode.ConfigurationInvalid, "the option 'power' is unknown"),
        })));
        Assert.Equal((ErrorCode.ConfigurationInvalid, "TestBackend of test 1.0"), (error.Code, error.Details.File));
    }

    private static PartitionResult Wait(ManualResetEventSlim release)
    {
        release.Wait();
        return new PartitionResult([], []);
    }

    private static MethodPartitioning Run(ExportedMethod method, params LoweringBackend[] backends) =>
        MethodPartitioner.Run(method, backends, new HashSet<string>(), new BackendCalls(TimeSpan.FromMinutes(1), null, default));

    private static TandemException Refused(ExportedMethod method, TestBackend backend)
    {
        var error = Assert.Throws<TandemException>(() => Run(method, TestBackend.Of(backend)));
        Assert.Equal(ErrorCode.BackendResultInvalid, error.Code);
        return error;
    }

    private static TandemException Failed(TestBackend backend, int limit)
    {
        var error = Assert.Throws<TandemException>(() => MethodPartitioner.Run(Chain, [TestBackend.Of(backend)], new HashSet<string>(), new BackendCalls(TimeSpan.FromMilliseconds(limit), null, default)));
        Assert.Equal(ErrorCode.BackendLoweringFailed, error.Code);
        return error;
    }
}
