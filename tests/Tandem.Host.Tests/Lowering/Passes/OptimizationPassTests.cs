using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Lowering.Passes;

public sealed class OptimizationPassTests
{
    [Fact]
    public void Assertions_and_what_only_they_read_are_gone()
    {
        var graph = new AtenGraph();
        var input = graph.Input([2], 1, 2);
        var method = graph.Output(graph.Call("aten::relu", input)).Build();
        var check = new GraphNode("check", "aten::_assert_tensor_metadata", "", [new("a", new GraphArgument.Reference(input.Name))], []);
        method = method with { Graph = method.Graph with { Nodes = method.Graph.Nodes.Insert(0, check) } };

        var lowered = LoweringPasses.Run(method, LoweringPasses.ToEdge, new PassContext());

        Assert.Equal(["aten::relu"], lowered.Graph.Nodes.Select(node => node.FullName));
    }

    [Fact]
    public void Equal_calls_are_made_once_and_unread_ones_never()
    {
        var graph = new AtenGraph();
        var input = graph.Input([2], 1, -2);
        var (first, second) = (graph.Call("aten::exp", input), graph.Call("aten::exp", input));
        graph.Call("aten::neg", input);

        Assert.Equal(["aten::exp", "aten::add.Tensor"], graph.Output(graph.Call("aten::add.Tensor", first, second)).Operators());
    }

    [Fact]
    public void Random_numbers_are_drawn_each_time()
    {
        var graph = new AtenGraph();
        var (first, second) = (graph.Call("aten::rand", new[] { 2 }), graph.Call("aten::rand", new[] { 2 }));

        Assert.Equal(["aten::rand", "aten::rand", "aten::add.Tensor"], graph.Output(graph.Call("aten::add.Tensor", first, second)).Operators());
    }

    [Fact]
    public void Views_of_views_double_transpositions_and_copies_without_change_are_gone()
    {
        var graph = new AtenGraph();
        var input = graph.Input([2, 3, 4], new float[24]);
        var value = graph.Call("aten::clone", graph.Call("aten::detach", graph.Call("aten::dropout", input, 0.5, false)));
        value = graph.Call("aten::transpose.int", graph.Call("aten::transpose.int", value, 0, 1), 0, 1);
        value = graph.Call("aten::view", graph.Call("aten::unsqueeze", value, 0), new[] { 6, 4 });
        value = graph.Call("aten::expand", value, new[] { 6, 4 });
        value = graph.Call("aten::to.dtype", value, ScalarType.Float);

        Assert.Equal(["aten::view_copy", "aten::relu"], graph.Output(graph.Call("aten::relu", value)).Operators());
    }

    [Fact]
    public void Expansion_before_an_operator_that_broadcasts_is_dropped()
    {
        var graph = new AtenGraph();
        var (row, matrix) = (graph.Input([1, 2], 10, 20), graph.Input([2, 2], 1, 2, 3, 4));
        graph.Output(graph.Call("aten::add.Tensor", graph.Call("aten::expand", row, new[] { 2, 2 }), matrix));

        Assert.Equal(["aten::add.Tensor"], graph.Operators());
        Assert.Equal([11f, 22, 13, 24], graph.Run()[0]);
    }

    [Fact]
    public void A_transposed_weight_is_read_by_rows_and_never_copied()
    {
        var graph = new AtenGraph();
        var (input, weight, bias) = (graph.Input([1, 2], 1, 2), graph.Parameter([3, 2], 1, 2, 3, 4, 5, 6), graph.Parameter([3], 10, 20, 30));
        graph.Output(graph.Call("aten::addmm", bias, input, graph.Call("aten::t", weight)));

        Assert.Equal(["aten::linear"], graph.Operators());
        Assert.Equal([15f, 31, 47], graph.Run()[0]);
    }

    [Fact]
    public void Small_constants_are_computed_ahead()
    {
        var graph = new AtenGraph();
        var mask = graph.Call("aten::tril", graph.Call("aten::ones", new[] { 3, 3 }));
        graph.Output(graph.Call("aten::add.Tensor", graph.Input([3, 3], new float[9]), mask));

        Assert.Equal(["aten::add.Tensor"], graph.Operators());
        Assert.Equal([1f, 0, 0, 1, 1, 0, 1, 1, 1], graph.Run()[0]);
    }

    [Fact]
    public void What_would_grow_the_program_is_left_to_run_time()
    {
        var large = new AtenGraph();
        large.Output(large.Call("aten::add.Tensor", large.Input([64, 64], new float[4096]), large.Call("aten::tril", large.Call("aten::ones", new[] { 64, 64 }))));
        Assert.Contains("aten::tril", large.Operators());

        // Eight bits become thirty-two.
        var quantized = new AtenGraph();
        var weight = quantized.Constant(ScalarType.Char, [32, 32], new sbyte[1024]);
        var scale = quantized.Constant(ScalarType.Float, [32], new float[32]);
        var wide = quantized.Call("quantized_decomposed::dequantize_per_channel", weight, scale, Arg.None, 0, -127, 127, ScalarType.Char);
        quantized.Output(quantized.Call("aten::linear", quantized.Input([1, 32], new float[32]), wide));
        Assert.Equal(["quantized_decomposed::dequantize_per_channel", "aten::linear"], quantized.Operators());
    }

    [Fact]
    public void First_values_of_state_are_no_constants()
    {
        var graph = new AtenGraph();
        var buffer = graph.Buffer([2], 1, 2);
        var doubled = graph.Call("aten::mul.Tensor", buffer, 2.0);
        graph.Call("aten::add_.Tensor", buffer, 1.0);
        graph.Output(doubled);

        Assert.Equal([2f, 4], graph.Run()[0]);
        Assert.Equal([4f, 6], graph.Run(times: 2)[0]);
    }

    [Fact]
    public void A_batch_norm_of_constants_goes_into_the_convolution_before_it()
    {
        float[] Numbers(int count, float step) => [.. Enumerable.Range(0, count).Select(i => MathF.Sin(i * step))];
        var graph = new AtenGraph();
        var input = graph.Input([1, 2, 3, 3], Numbers(18, 0.7f));
        var convolved = graph.Call("aten::conv2d", input, graph.Parameter([4, 2, 2, 2], Numbers(32, 0.3f)), graph.Parameter([4], 1, 2, 3, 4));
        var normalized = graph.Call("aten::batch_norm", convolved, graph.Parameter([4], 1, 2, 0.5f, 1), graph.Parameter([4], 0, 1, 0, -1), graph.Buffer([4], 0.1f, 0.2f, 0.3f, 0.4f),
            graph.Buffer([4], 1, 2, 3, 4), false, 0.1, 1e-5, true);
        var folded = graph.Output(graph.Call("aten::relu", normalized)).Run()[0];
        Assert.Equal(["aten::convolution", "aten::relu"], graph.Operators());

        // The same with a reader between, which nothing can be folded through.
        var plain = new AtenGraph();
        input = plain.Input([1, 2, 3, 3], Numbers(18, 0.7f));
        convolved = plain.Call("aten::conv2d", input, plain.Parameter([4, 2, 2, 2], Numbers(32, 0.3f)), plain.Parameter([4], 1, 2, 3, 4));
        normalized = plain.Call("aten::batch_norm", convolved, plain.Parameter([4], 1, 2, 0.5f, 1), plain.Parameter([4], 0, 1, 0, -1), plain.Buffer([4], 0.1f, 0.2f, 0.3f, 0.4f),
            plain.Buffer([4], 1, 2, 3, 4), false, 0.1, 1e-5, true);
        var expected = plain.Output(plain.Call("aten::relu", normalized), convolved).Run()[0];
        Assert.Contains("aten::_native_batch_norm_legit_no_training", plain.Operators());
        Assert.All(expected.Zip(folded), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Fact]
    public void Operators_that_a_backend_asks_for_stay_whole()
    {
        var graph = new AtenGraph();
        var input = graph.Input([1, 2, 2, 4], new float[16]);
        graph.Output(graph.Call("aten::scaled_dot_product_attention", input, input, input));

        Assert.Equal(["aten::scaled_dot_product_attention"], graph.Operators("aten::scaled_dot_product_attention"));
        Assert.Contains("aten::bmm", graph.Operators());

        var whole = graph.Lower("aten::scaled_dot_product_attention");
        var refused = new PassContext { PreservedOperators = ["aten::scaled_dot_product_attention"], RefusedNodes = [whole.Graph.Nodes[0].Name] };
        Assert.Contains("aten::bmm", LoweringPasses.Run(whole, LoweringPasses.AfterDelegation, refused).Graph.Nodes.Select(node => node.FullName));
    }

    [Fact]
    public void Graphs_that_the_exporter_wrapped_stand_where_they_were_called()
    {
        var graph = new AtenGraph();
        var input = graph.Input([2], 1, -2);
        var method = graph.Output(graph.Call("aten::relu", input)).Build();
        var inner = new GraphValue("inner", input.Tensor);
        var doubled = new GraphValue("doubled", input.Tensor);
        var nested = new ExportedGraph([inner],
            [new GraphNode("doubled", "aten::add", "Tensor", [new("self", new GraphArgument.Reference("inner")), new("other", new GraphArgument.Reference("inner"))], [doubled])], [new GraphArgument.Reference("doubled")]);
        var wrapper = new GraphNode("wrapped", "higher_order::wrap_with_set_grad_enabled", "",
            [new("enable_grad", new GraphArgument.Bool(false)), new("wrapped_func", new GraphArgument.Subgraph(nested)), new("a", new GraphArgument.Reference(input.Name))], [new GraphValue("wrapped", input.Tensor)]);
        var relu = method.Graph.Nodes[0] with { Arguments = [new("self", new GraphArgument.Reference("wrapped"))] };
        method = method with { Graph = method.Graph with { Nodes = [wrapper, relu] } };

        var lowered = LoweringPasses.Run(method, LoweringPasses.ToEdge, new PassContext());

        Assert.Equal(["aten::add.Tensor", "aten::relu"], lowered.Graph.Nodes.Select(node => node.FullName));
        Assert.Equal(input.Name, ((GraphArgument.Reference)lowered.Graph.Nodes[0].Find("self")!).Name);
    }

    [Fact]
    public void Branches_are_lowered_where_they_stand()
    {
        var graph = new AtenGraph();
        var (predicate, input) = (graph.Input(TensorSpec.Contiguous(ScalarType.Bool)), graph.Input([2], 1, -2));
        var method = graph.Output(graph.Call("aten::relu", input)).Build();
        ExportedGraph Branch(string name, string op) => new([new GraphValue($"{name}_in", input.Tensor)],
            [new GraphNode(name, op, "", [new("self", new GraphArgument.Reference($"{name}_in"))], [new GraphValue(name, input.Tensor)])], [new GraphArgument.Reference(name)]);
        var cond = new GraphNode("chosen", "higher_order::cond", "",
        [
            new("pred", new GraphArgument.Reference(predicate.Name)), new("true_fn", new GraphArgument.Subgraph(Branch("yes", "aten::silu"))), new("false_fn", new GraphArgument.Subgraph(Branch("no", "aten::clone"))),
            new("operands", new GraphArgument.List([new GraphArgument.Reference(input.Name)])),
        ], [new GraphValue("chosen", input.Tensor)]);
        method = method with { Graph = method.Graph with { Nodes = [cond], Outputs = [new GraphArgument.Reference("chosen")] } };

        var lowered = LoweringPasses.Run(method, LoweringPasses.ToEdge, new PassContext());

        var branches = lowered.Graph.Nodes[0].Arguments.Select(argument => argument.Value).OfType<GraphArgument.Subgraph>().ToArray();
        Assert.Equal(["aten::sigmoid", "aten::mul.Tensor"], branches[0].Value.Nodes.Select(node => node.FullName));
        Assert.Empty(branches[1].Value.Nodes);
    }

    [Fact]
    public void A_view_of_a_constant_is_the_same_bytes_under_other_sizes()
    {
        var graph = new AtenGraph();
        var weight = graph.Parameter([64, 8], new float[512]);
        graph.Output(graph.Call("aten::mul.Tensor", graph.Input([8, 64], new float[512]), graph.Call("aten::view", weight, new[] { 8, 64 })));

        var method = graph.Lower();

        Assert.Equal(["aten::mul.Tensor"], method.Graph.Nodes.Select(node => node.FullName));
        Assert.Same(method.Signature.FindInput(weight.Name)!.Tensor!.Storage, method.Signature.Inputs.Single(input => input.Kind == GraphInputKind.Constant).Tensor!.Storage);
    }

    [Fact]
    public void Half_convolutions_that_no_backend_took_sum_in_float32()
    {
        var graph = new AtenGraph();
        var (input, weight) = (graph.Input(TensorSpec.Contiguous(ScalarType.Half, 1, 1, 4, 4)), graph.Input(TensorSpec.Contiguous(ScalarType.Half, 1, 1, 2, 2)));
        var edge = graph.Output(graph.Call("aten::conv2d", input, weight)).Lower();
        Assert.Equal(ScalarType.Half, Assert.Single(edge.Graph.Nodes).Outputs[0].Tensor!.ScalarType);

        var lowered = LoweringPasses.Run(edge, LoweringPasses.AfterDelegation, new PassContext());

        Assert.Equal(ScalarType.Float, lowered.Graph.Nodes.Single(node => node.Operator == "aten::convolution").Outputs[0].Tensor!.ScalarType);
        Assert.Equal(ScalarType.Half, lowered.Graph.Nodes[^1].Outputs[0].Tensor!.ScalarType);
    }

    [Fact]
    public void Operands_of_two_layouts_meet_in_the_plain_one()
    {
        var graph = new AtenGraph();
        var input = graph.Input([1, 2, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8);
        var last = graph.Call("aten::clone", input, new GraphArgument.Option("memory_format", "channels_last"));
        graph.Output(graph.Call("aten::add.Tensor", graph.Call("aten::relu", last), input));

        Assert.Equal([2f, 4, 6, 8, 10, 12, 14, 16], graph.Run()[0]);
    }

    [Fact]
    public void Passes_give_equal_graphs_for_equal_graphs_and_change_nothing_the_second_time()
    {
        var graph = new AtenGraph();
        var input = graph.Input([2, 4], new float[8]);
        graph.Output(graph.Call("aten::hardswish", graph.Call("aten::linear", input, graph.Parameter([4, 4], new float[16]))), graph.Call("aten::mish", input));
        var (first, second) = (graph.Lower(), graph.Lower());

        Assert.Equal(first.Graph.Nodes.Select(node => node.ToString()), second.Graph.Nodes.Select(node => node.ToString()));
        var again = LoweringPasses.Run(first, LoweringPasses.ToEdge, new PassContext());
        Assert.Equal(first.Graph.Nodes.Select(node => node.ToString()), again.Graph.Nodes.Select(node => node.ToString()));
    }
}
