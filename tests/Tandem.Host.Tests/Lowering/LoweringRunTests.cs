using System.Collections.Immutable;
using Tandem.Host.Kernels;
using Tandem.Host.Lowering;
using Tandem.Host.Lowering.Passes;
using Tandem.Host.Selection;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Lowering;

public sealed class LoweringRunTests : IDisposable
{
    private readonly TandemRuntime _runtime = new(new TandemOptions { Threads = 1 });

    [Fact]
    public void A_preserved_operator_that_is_refused_is_decomposed_and_offered_once_more()
    {
        var offers = new List<string>();
        // Wants "test::double" whole, takes the first one and what the second one is made of.
        var record = Run(new TestBackend(_ => null)
        {
            Preserved = ["test::double"],
            Partitioner = context =>
            {
                offers.Add(string.Join(' ', context.Method.Graph.Nodes.Select(node => node.Name)));
                return new PartitionResult(
                    [.. context.Method.Graph.Nodes.Select(node => node.Name == "b" ? NodeDecision.Refuse(node.Name, "too large") : NodeDecision.Take(node.Name, node.Name))],
                    [.. context.Method.Graph.Nodes.Where(node => node.Name != "b").Select(node => new PartitionSpec(node.Name))]);
            },
        });
        Assert.Equal(["a b", "a b_0 b_1"], offers);
        Assert.Equal(["a 0", "b_0 1", "b_1 2"], record.Nodes.Select(node => $"{node.Name} {node.Partition}"));
    }

    [Fact]
    public void A_backend_that_changes_its_mind_has_nothing_preserved_in_the_end()
    {
        var offers = new List<string>();
        var record = Run(new TestBackend(_ => null)
        {
            Preserved = ["test::double"],
            Partitioner = context =>
            {
                offers.Add(string.Join(' ', context.Method.Graph.Nodes.Select(node => node.Name)));
                var takes = context.Method.Graph.Nodes[offers.Count - 1 == 0 ? 0 : ^1].Name;
                return new PartitionResult(
                    [.. context.Method.Graph.Nodes.Select(node => node.Name == takes ? NodeDecision.Take(node.Name, "t") : NodeDecision.Refuse(node.Name, "no"))], [new PartitionSpec("t")]);
            },
        });
        Assert.Equal(["a b", "a b_0 b_1", "a_0 a_1 b_0 b_1"], offers);
        Assert.Equal("b_1", record.Nodes.Single(node => node.Partition == 0).Name);
    }

    [Fact]
    public void State_of_another_method_is_no_constant_for_a_partitioner()
    {
        var answers = new List<string>();
        var backend = new TestBackend(_ => null)
        {
            Partitioner = context =>
            {
                answers.Add($"{context.Method.Name} {context.IsState("q.cache")} {context.IsState("q.table")}");
                return new PartitionResult([.. context.Method.Graph.Nodes.Select(node => NodeDecision.Refuse(node.Name, "no"))], []);
            },
        };
        Run(backend,
            new GraphSketch("reads").Input("x").Buffer("cache", 1).Buffer("table", 1).Node("n", "aten::add.Tensor", "x", "cache").Output("n").Build(),
            new GraphSketch("writes").Input("x").Buffer("cache", 1).Node("m", "aten::add.Tensor", "x", "cache").Mutation("cache", "m").Output("m").Build());
        Assert.Equal(["reads True False", "writes True False"], answers);
    }

    public void Dispose() => _runtime.Dispose();

    private Tandem.Host.Diagnostics.Reports.LoweringMethodRecord Run(TestBackend backend, params ImmutableArray<ExportedMethod> methods)
    {
        methods = methods.IsEmpty ? [new GraphSketch("forward").Input("x").Node("a", "test::double", "x").Node("b", "test::double", "a").Output("b").Build()] : methods;
        var calls = new BackendCalls(TimeSpan.FromMinutes(1), null, default);
        using var backends = LoweringBackends.Create(_runtime.Plugins,
            new BackendSelectionOptions { InProcess = { ["T"] = new InProcessBackend(() => backend) }, Order = ["T"] }, methods.Select(method => method.Name));
        var run = new LoweringRun(backends, calls, new PassRunner([new TakeApart()], [], _runtime.Kernels, calls));
        run.Run(new ExportedProgram(methods), new NamedDataStore());
        return run.Record.Methods[0];
    }

    /// <summary>"test::double" is two additions.</summary>
    private sealed class TakeApart : IGraphPass
    {
        public string Name => "take-apart";

        public ExportedMethod Run(ExportedMethod method, PassContext context)
        {
            var nodes = method.Graph.Nodes.SelectMany(node => node.FullName != "test::double" || context.IsPreserved(node) ? [node]
                : new[] { GraphSketch.Call($"{node.Name}_0", "aten::relu", node.References().Single()), GraphSketch.Call($"{node.Name}_1", "aten::relu", $"{node.Name}_0") with { Outputs = node.Outputs } });
            ImmutableArray<GraphNode> all = [.. nodes];
            return all.Length == method.Graph.Nodes.Length ? method : method with { Graph = method.Graph with { Nodes = all } };
        }
    }
}
