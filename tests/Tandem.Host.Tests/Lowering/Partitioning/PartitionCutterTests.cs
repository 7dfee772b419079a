using Tandem.Host.Lowering;
using Tandem.Host.Lowering.Partitioning;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Lowering.Partitioning;

public sealed class PartitionCutterTests
{
    [Fact]
    public void A_partition_has_constants_first_then_inputs_and_the_call_has_only_inputs()
    {
        var cut = Cut(new GraphSketch("forward").Input("x").Input("y").Parameter("w", 1).Buffer("b", 2).Constant("c", 3)
            .Node("n0", "aten::relu", "x")
            .Node("n1", "aten::add.Tensor", "y", "c")
            .Node("n2", "aten::add.Tensor", "n1", "n0")
            .Node("n3", "aten::mul.Tensor", "n2", "b")
            .Node("n4", "aten::mul.Tensor", "n3", "w")
            .Node("n5", "aten::relu", "n4")
            .Output("n5", "n2").Build(), node => node.Name is "n1" or "n2" or "n3" or "n4" ? "t" : null);
        var partition = Assert.Single(cut.Partitions).Partition;
        Assert.Equal(["w Parameter w", "b Buffer q.b", "c Constant c", "y UserInput ", "n0 UserInput "],
            partition.Program.Signature.Inputs.Select(input => $"{input.ValueName} {input.Kind} {input.QualifiedName}"));
        Assert.Equal(["w", "b", "c", "y", "n0"], partition.Program.Graph.Inputs.Select(value => value.Name));
        Assert.Equal(["n1", "n2", "n3", "n4"], partition.Program.Graph.Nodes.Select(node => node.Name));
        Assert.Equal(["n2", "n4"], References(partition.Program.Graph));
        Assert.Equal(["n0", "executorch_call_delegate_0", "n5"], cut.Method.Graph.Nodes.Select(node => node.Name));
        var call = cut.Method.Graph.Nodes[1];
        Assert.Equal(LoweredMethod.DelegateCall, call.FullName);
        Assert.Equal(new GraphArgument.Int(0), call.Find("delegate"));
        Assert.Equal(["y", "n0"], call.References());
        Assert.Equal(["n2", "n4"], call.Outputs.Select(output => output.Name));
        // What only the delegate reads is no longer the method's.
        Assert.Equal(["x", "y"], cut.Method.Graph.Inputs.Select(value => value.Name));
        Assert.Equal(["x", "y"], cut.Method.Signature.Inputs.Select(input => input.ValueName));
    }

    [Fact]
    public void I2_a_constant_belongs_to_every_partition_that_reads_it_and_stays_where_a_plain_operator_reads_it()
    {
        var method = new GraphSketch("forward").Input("x").Parameter("w", 1)
            .Node("n0", "aten::add.Tensor", "x", "w").Node("n1", "aten::relu", "n0").Node("n2", "aten::add.Tensor", "n1", "w").Output("n2").Build();
        var cut = Cut(method, node => node.Name == "n1" ? null : node.Name);
        Assert.All(cut.Partitions, partition => Assert.Same(method.Signature.Inputs[1].Tensor, partition.Partition.Program.Signature.Inputs[0].Tensor));
        Assert.Equal(["x"], cut.Method.Signature.Inputs.Select(input => input.ValueName));

        cut = Cut(method, node => node.Name == "n0" ? "t" : null);
        Assert.Equal("w", cut.Partitions[0].Partition.Program.Signature.Inputs[0].ValueName);
        Assert.Equal(["x", "w"], cut.Method.Signature.Inputs.Select(input => input.ValueName));
    }

    [Fact]
    public void Steps_are_ordered_so_that_a_partition_comes_after_what_it_reads()
    {
        // "b" lies between the nodes of the partition and is read by its second one.
        var cut = Cut(new GraphSketch("forward").Input("x").Node("p0", "aten::relu", "x").Node("b", "aten::neg", "x").Node("c", "aten::abs", "p0")
            .Node("p1", "aten::add.Tensor", "p0", "b").Output("p1", "c").Build(), node => node.Name.StartsWith('p') ? "t" : null);
        Assert.Equal(["b", "executorch_call_delegate_0", "c"], cut.Method.Graph.Nodes.Select(node => node.Name));
        Assert.Equal(["p0", "p1"], cut.Method.Graph.Nodes[1].Outputs.Select(output => output.Name));
    }

    [Fact]
    public void State_that_any_method_changes_is_an_input_of_the_delegate()
    {
        var method = new GraphSketch("forward").Input("x").Buffer("cache", 1).Buffer("table", 2)
            .Node("n0", "aten::add.Tensor", "cache", "table").Node("n1", "aten::add.Tensor", "n0", "x").Mutation("cache", "n0").Output("n1").Build();
        var cut = Cut(method, _ => "t", state: ["q.cache"]);
        var partition = cut.Partitions[0].Partition.Program;
        Assert.Equal(["table Buffer", "cache UserInput", "x UserInput"], partition.Signature.Inputs.Select(input => $"{input.ValueName} {input.Kind}"));
        Assert.Equal(["n0", "n1"], References(partition.Graph));
        Assert.Equal(["cache", "x"], cut.Method.Graph.Nodes[0].References());
        Assert.Equal(["x", "cache"], cut.Method.Signature.Inputs.Select(input => input.ValueName));
        Assert.Equal(["n0", "n1"], References(cut.Method.Graph));
    }

    [Fact]
    public void State_that_a_delegate_owns_leaves_the_method()
    {
        var method = new GraphSketch("forward").Input("x").Buffer("cache", 1)
            .Node("n0", "aten::add.Tensor", "cache", "x").Node("n1", "aten::relu", "n0").Mutation("cache", "n0").Output("n1").Build();
        var cut = Cut(method, _ => "t", state: ["q.cache"], specify: spec => spec with { OwnedBuffers = ["q.cache"] });
        var partition = cut.Partitions[0].Partition.Program;
        Assert.Equal(["cache Buffer", "x UserInput"], partition.Signature.Inputs.Select(input => $"{input.ValueName} {input.Kind}"));
        Assert.Equal(["BufferMutation q.cache", "UserOutput "], partition.Signature.Outputs.Select(output => $"{output.Kind} {output.TargetName}"));
        Assert.Equal(["n0", "n1"], References(partition.Graph));
        Assert.Equal(["x"], cut.Method.Signature.Inputs.Select(input => input.ValueName));
        Assert.Equal(["n1"], References(cut.Method.Graph));
        Assert.Equal(["n1"], cut.Method.Graph.Nodes[0].Outputs.Select(output => output.Name));
    }

    [Fact]
    public void Partitions_of_nested_graphs_come_after_the_top_level_the_true_branch_first_and_keep_their_constants()
    {
        var method = new GraphSketch("forward").Input("p").Input("x").Parameter("w", 1).Parameter("v", 2)
            .Node(GraphSketch.Cond("c", "p",
                GraphSketch.Graph(["tx", "tw", "tv"], [GraphSketch.Call("t0", "aten::add.Tensor", "tx", "tw")], "t0"),
                GraphSketch.Graph(["fx", "fw", "fv"], [GraphSketch.Call("f0", "aten::add.Tensor", "fx", "fw"), GraphSketch.Call("f1", "aten::sub.Tensor", "f0", "fv")], "f1"),
                "x", "w", "v"))
            .Node("last", "aten::add.Tensor", "c", "x").Output("last").Build();
        var cut = Cut(method, node => node.Operator == "aten::add" ? node.Name : null);
        Assert.Equal(["forward[0]: last", "forward[1]: t0", "forward[2]: f0"], cut.Partitions.Select(item => $"{item.Partition.Identity}: {item.Claim.Spec.Tag}"));
        var whenTrue = cut.Partitions[1].Partition.Program;
        Assert.Equal(["tw Parameter w", "tx UserInput "], whenTrue.Signature.Inputs.Select(input => $"{input.ValueName} {input.Kind} {input.QualifiedName}"));
        Assert.Same(method.Signature.Inputs[2].Tensor, whenTrue.Signature.Inputs[0].Tensor);
        // "w" is read by delegates alone, "v" by a plain operator of the false branch.
        Assert.Equal(["p", "x", "v"], cut.Method.Signature.Inputs.Select(input => input.ValueName));
        var cond = cut.Method.Graph.Nodes[0];
        Assert.Equal(["p", "x", "v"], cond.References());
        Assert.Equal(["tx tv", "fx fv"], NestedGraphs.Of(cond).Select(graph => string.Join(' ', graph.Inputs.Select(value => value.Name))));
        Assert.Equal([1L, 2L], NestedGraphs.Of(cond).Select(graph => ((GraphArgument.Int)graph.Nodes[0].Find("delegate")!).Value));
    }

    [Fact]
    public void A_control_flow_node_may_be_taken_whole()
    {
        var cut = Cut(new GraphSketch("forward").Input("p").Input("x")
            .Node(GraphSketch.Cond("c", "p", GraphSketch.Graph(["tx"], [GraphSketch.Call("t0", "aten::neg", "tx")], "t0"),
                GraphSketch.Graph(["fx"], [GraphSketch.Call("f0", "aten::abs", "fx")], "f0"), "x")).Output("c").Build(), _ => "t");
        Assert.Equal(["p", "x"], Assert.Single(cut.Method.Graph.Nodes).References());
        Assert.Equal("higher_order::cond", Assert.Single(cut.Partitions).Partition.Program.Graph.Nodes[0].Operator);
    }

    [Fact]
    public void A_method_without_partitions_is_the_same_object()
    {
        var method = new GraphSketch("forward").Input("x").Parameter("unread", 1).Node("n", "aten::relu", "x").Output("n").Build();
        Assert.Same(method, Cut(method, _ => null).Method);
    }

    private static IEnumerable<string> References(ExportedGraph graph) => graph.Outputs.SelectMany(output => output.References());

    private static CutMethod Cut(ExportedMethod method, Func<GraphNode, string?> tagOf, string[]? state = null, Func<PartitionSpec, PartitionSpec>? specify = null) =>
        PartitionCutter.Run(
            MethodPartitioner.Run(method, [TestBackend.Of(new TestBackend(tagOf) { Specify = specify ?? (spec => spec) })], (state ?? []).ToHashSet(),
                new BackendCalls(TimeSpan.FromMinutes(1), null, default)),
            (state ?? []).ToHashSet());
}
