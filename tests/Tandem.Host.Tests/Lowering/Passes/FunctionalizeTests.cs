using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Lowering.Passes;

public sealed class FunctionalizeTests
{
    [Fact]
    public void A_write_into_a_buffer_becomes_an_output_and_lasts_until_the_next_call()
    {
        var graph = new AtenGraph();
        var (total, input) = (graph.Buffer([2], 1, 2), graph.Input([2], 10, 20));
        var sum = graph.Call("aten::add_.Tensor", total, input);
        graph.Output(graph.Call("aten::mul.Tensor", sum, 2.0));

        var method = graph.Lower();

        Assert.Equal(new GraphOutputSpec(GraphOutputKind.BufferMutation, "q.p0"), method.Signature.Outputs[0]);
        Assert.Equal(2, method.Graph.Outputs.Length);
        Assert.All(method.Graph.Nodes, node => Assert.False(node.Operator.EndsWith('_')));
        Assert.Equal([22f, 44], graph.Run()[0]);
        Assert.Equal([42f, 84], graph.Run(times: 2)[0]);
    }

    [Fact]
    public void A_write_through_a_slice_is_seen_in_the_whole_and_in_other_views()
    {
        var graph = new AtenGraph();
        var input = graph.Input([2, 3], 1, 2, 3, 4, 5, 6);
        var copy = graph.Call("aten::mul.Tensor", input, 1.0);
        var flat = graph.Call("aten::view", copy, new[] { 6 });
        var column = graph.Call("aten::select.int", copy, 1, 1);
        graph.Call("aten::fill_.Scalar", column, 9.0);
        graph.Output(copy, flat, column);

        var outputs = graph.Run();

        Assert.Equal([1f, 9, 3, 4, 9, 6], outputs[0]);
        Assert.Equal([1f, 9, 3, 4, 9, 6], outputs[1]);
        Assert.Equal([9f, 9], outputs[2]);
    }

    [Fact]
    public void Writes_through_transposed_split_and_reshaped_views_reach_their_tensor()
    {
        var graph = new AtenGraph();
        var copy = graph.Call("aten::mul.Tensor", graph.Input([2, 4], 1, 2, 3, 4, 5, 6, 7, 8), 1.0);
        var parts = graph.CallAll("aten::chunk", graph.Call("aten::t", copy), 2, 0);
        graph.Call("aten::mul_.Tensor", parts[1], 10.0);
        graph.Call("aten::add_.Tensor", graph.Call("aten::slice.Tensor", graph.Call("aten::view", copy, new[] { 8 }), 0, 0, 2), 100.0);
        graph.Output(copy);

        Assert.Equal([101f, 102, 30, 40, 5, 6, 70, 80], graph.Run()[0]);
    }

    [Fact]
    public void A_copy_that_reshape_had_to_make_is_no_view()
    {
        var graph = new AtenGraph();
        var copy = graph.Call("aten::mul.Tensor", graph.Input([2, 2], 1, 2, 3, 4), 1.0);
        var flat = graph.Call("aten::reshape", graph.Call("aten::t", copy), new[] { 4 });
        graph.Call("aten::zero_", flat);
        graph.Output(copy, flat);

        var outputs = graph.Run();

        Assert.Equal([1f, 2, 3, 4], outputs[0]);
        Assert.Equal([0f, 0, 0, 0], outputs[1]);
    }

    [Fact]
    public void What_was_read_before_a_write_keeps_its_value()
    {
        var graph = new AtenGraph();
        var buffer = graph.Buffer([2], 1, 2);
        var before = graph.Call("aten::mul.Tensor", buffer, 1.5);
        graph.Call("aten::copy_", buffer, graph.Input([2], 7, 8));
        graph.Output(before, graph.Call("aten::mul.Tensor", buffer, 1.0));

        var outputs = graph.Run();

        Assert.Equal([1.5f, 3], outputs[0]);
        Assert.Equal([7f, 8], outputs[1]);
    }

    [Fact]
    [ProducesError(ErrorCode.OperatorNotLowerable)]
    public void Writes_into_parameters_and_through_expanded_views_are_refused_by_name_and_line()
    {
        var parameter = new AtenGraph();
        parameter.Output(parameter.Call("aten::add_.Tensor", parameter.Parameter([2], 1, 2), 1.0));
        Assert.Equal(ErrorCode.OperatorNotLowerable, Assert.Throws<TandemException>(() => parameter.Lower()).Code);

        var expanded = new AtenGraph();
        var copy = expanded.Call("aten::mul.Tensor", expanded.Input([1, 2], 1, 2), 1.0);
        var wide = expanded.Call("aten::expand", copy, new[] { 3, 2 });
        expanded.Call("aten::add_.Tensor", wide, 1.0);
        expanded.Output(copy);
        var error = Assert.Throws<TandemException>(() => expanded.Lower());
        Assert.Equal(ErrorCode.OperatorNotLowerable, error.Code);
        Assert.Contains("aten::add_.Tensor", error.Message);
        Assert.Contains("line 3", error.Details.Location);
    }

    [Fact]
    public void A_graph_without_writes_stays_the_same_object()
    {
        var graph = new AtenGraph();
        var method = graph.Output(graph.Call("aten::relu", graph.Input([2], 1, 2))).Build();

        Assert.Same(method, new Functionalize().Run(method, new PassContext()));
    }
}
