using Tandem.Host.Lowering.Decomposition;
using Tandem.Host.Lowering.Operators;
using Tandem.Host.Lowering.Passes;
using Tandem.Host.Tests.Lowering.Passes;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Lowering.Decomposition;

/// <summary>Families of decompositions, each run on the host and compared with the formula.</summary>
public sealed class DecompositionTests
{
    private static readonly float[] Numbers = [-4, -1.5f, -0.5f, 0, 0.25f, 1, 2.5f, 7];

    [Fact]
    public void Every_rule_is_for_an_operator_that_exists()
    {
        string[] symbolic = [.. DecompositionTables.Edge.Names.Where(name => name.StartsWith("_operator::") || name.StartsWith("torch::") || name.StartsWith("math::"))];
        Assert.DoesNotContain(DecompositionTables.Edge.Names.Except(symbolic), name => !OperatorTable.TryGet(name, out _));
    }

    public static TheoryData<string, Func<double, double>> Activations { get; } = new()
    {
        { "aten::silu", x => x / (1 + Math.Exp(-x)) },
        { "aten::relu6", x => Math.Clamp(x, 0, 6) },
        { "aten::hardsigmoid", x => Math.Clamp(x + 3, 0, 6) / 6 },
        { "aten::hardswish", x => x * Math.Clamp(x + 3, 0, 6) / 6 },
        { "aten::mish", x => x * Math.Tanh(Math.Log(1 + Math.Exp(x))) },
        { "aten::softplus", x => Math.Log(1 + Math.Exp(x)) },
        { "aten::log_sigmoid", x => -Math.Log(1 + Math.Exp(-x)) },
        { "aten::celu", x => x > 0 ? x : Math.Exp(x) - 1 },
        { "aten::selu", x => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.Exp(x) - 1)) },
        { "aten::hardshrink", x => Math.Abs(x) <= 0.5 ? 0 : x },
        { "aten::softshrink", x => x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : 0 },
        { "aten::square", x => x * x },
        { "aten::exp2", x => Math.Pow(2, x) },
        { "aten::deg2rad", x => x * Math.PI / 180 },
    };

    [Theory]
    [MemberData(nameof(Activations))]
    public void Functions_of_one_tensor_follow_their_formula(string name, Func<double, double> formula)
    {
        var graph = new AtenGraph();
        var result = graph.Output(graph.Call(name, graph.Input([8], Numbers))).Run()[0];

        Assert.All(Numbers.Zip(result), pair => Assert.Equal(formula(pair.First), pair.Second, 1e-5 * Math.Max(1, Math.Abs(formula(pair.First)))));
    }

    [Fact]
    public void Numbers_take_the_scalar_overload_and_integers_meet_floats_in_floats()
    {
        var graph = new AtenGraph();
        var whole = graph.Constant(ScalarType.Long, [2], 3L, 4L);
        var sum = graph.Call("aten::add.Tensor", graph.Input([2], 0.5f, 1), whole);
        graph.Output(graph.Call("aten::mul.Tensor", sum, 2));

        Assert.Equal([7f, 10], graph.Run()[0]);
        Assert.Equal("aten::mul.Scalar", graph.Operators()[^1]);
        Assert.All(graph.Lower().Graph.Nodes.Where(node => node.FullName == "aten::add.Tensor"),
            node => Assert.Equal(ScalarType.Float, node.Outputs[0].Tensor!.ScalarType));
    }

    [Fact]
    public void Rounding_to_decimals_and_powers_follow_eager()
    {
        var graph = new AtenGraph();
        var input = graph.Input([2], 1.2345f, 9.8765f);
        graph.Output(graph.Call("aten::round.decimals", input, 2), graph.Call("aten::pow.Tensor_Scalar", input, 2), graph.Call("aten::pow.Tensor_Scalar", input, 0.5));

        var outputs = graph.Run();

        Assert.Equal([1.23f, 9.88f], outputs[0]);
        Assert.Equal(1.2345f * 1.2345f, outputs[1][0], 1e-6f);
        Assert.Equal(MathF.Sqrt(9.8765f), outputs[2][1], 1e-6f);
    }

    [Fact]
    public void Reductions_over_all_dimensions_name_them()
    {
        var graph = new AtenGraph();
        var input = graph.Input([2, 2], 1, 2, 3, 4);
        graph.Output(graph.Call("aten::sum", input), graph.Call("aten::mean", input), graph.Call("aten::max", input), graph.Call("aten::std", input), graph.Call("aten::logsumexp", input, new[] { 1 }),
            graph.Call("aten::linalg_vector_norm", input, 2));

        var outputs = graph.Run();

        Assert.Equal([10f], outputs[0]);
        Assert.Equal([2.5f], outputs[1]);
        Assert.Equal([4f], outputs[2]);
        Assert.Equal(MathF.Sqrt(5f / 3), outputs[3][0], 1e-5f);
        Assert.Equal(Math.Log(Math.Exp(1) + Math.Exp(2)), outputs[4][0], 1e-5);
        Assert.Equal(MathF.Sqrt(30), outputs[5][0], 1e-5f);
    }

    [Fact]
    public void Matmul_takes_vectors_as_rows_or_columns_and_broadcasts_batches()
    {
        var graph = new AtenGraph();
        var (vector, matrix, batches) = (graph.Input([2], 1, 2), graph.Input([2, 2], 1, 2, 3, 4), graph.Input([2, 2, 2], 1, 0, 0, 1, 2, 0, 0, 2));
        graph.Output(graph.Call("aten::matmul", vector, vector), graph.Call("aten::matmul", vector, matrix), graph.Call("aten::matmul", matrix, vector), graph.Call("aten::matmul", batches, matrix),
            graph.Call("aten::matmul", matrix, batches), graph.Call("aten::einsum", "bij,jk->bik", (GraphValue[])[batches, matrix]));

        var outputs = graph.Run();

        Assert.Equal([5f], outputs[0]);
        Assert.Equal([7f, 10], outputs[1]);
        Assert.Equal([5f, 11], outputs[2]);
        Assert.Equal([1f, 2, 3, 4, 2, 4, 6, 8], outputs[3]);
        Assert.Equal([1f, 2, 3, 4, 2, 4, 6, 8], outputs[4]);
        Assert.Equal([1f, 2, 3, 4, 2, 4, 6, 8], outputs[5]);
    }

    [Fact]
    public void Attention_masks_scales_and_groups()
    {
        var graph = new AtenGraph();
        var query = graph.Input([1, 2, 2, 1], 1, 2, 3, 4);
        var (key, value) = (graph.Input([1, 1, 2, 1], 0.5f, -0.5f), graph.Input([1, 1, 2, 1], 10, 20));
        graph.Output(graph.Call("aten::scaled_dot_product_attention", query, key, value, Arg.None, 0.0, true, 1.0, true));

        float Second(float q) => (10 * MathF.Exp(q / 2) + 20 * MathF.Exp(-q / 2)) / (MathF.Exp(q / 2) + MathF.Exp(-q / 2));
        float[] expected = [10, Second(2), 10, Second(4)];
        Assert.All(expected.Zip(graph.Run()[0]), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
        Assert.DoesNotContain("aten::expand_copy", graph.Operators());
    }

    [Fact]
    public void Rows_that_a_mask_hides_wholly_give_zeros()
    {
        var graph = new AtenGraph();
        var input = graph.Input([1, 1, 2, 1], 1, 2);
        var mask = graph.Constant(ScalarType.Bool, [2, 2], (byte)0, (byte)0, (byte)1, (byte)1);
        var result = graph.Output(graph.Call("aten::scaled_dot_product_attention", input, input, input, mask)).Run()[0];

        Assert.Equal(0, result[0]);
        Assert.InRange(result[1], 1, 2);
    }

    [Fact]
    public void Convolutions_of_every_rank_are_one_operator_and_volumes_are_planes()
    {
        var line = new AtenGraph();
        line.Output(line.Call("aten::conv1d.padding", line.Input([1, 1, 3], 1, 2, 3), line.Parameter([1, 1, 2], 1, 1), Arg.None, new[] { 1 }, "same"));
        Assert.Equal([3f, 5, 3], line.Run()[0]);

        var volume = new AtenGraph();
        volume.Output(volume.Call("aten::conv3d", volume.Input([1, 1, 2, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8), volume.Parameter([1, 1, 2, 2, 2], 1, 1, 1, 1, 1, 1, 1, 2), volume.Parameter([1], 0.5f)));
        Assert.Equal([44.5f], volume.Run()[0]);
    }

    [Fact]
    public void Pooling_padding_and_resampling_have_plain_forms()
    {
        var graph = new AtenGraph();
        var line = graph.Input([1, 1, 4], 1, 5, 3, 2);
        graph.Output(graph.Call("aten::max_pool1d", line, new[] { 2 }), graph.Call("aten::avg_pool1d", line, new[] { 2 }), graph.Call("aten::adaptive_avg_pool1d", line, new[] { 1 }),
            graph.Call("aten::pad", line, new[] { -1, 1 }), graph.Call("aten::pad", line, new[] { 1, 1 }, "circular"), graph.Call("aten::upsample_nearest1d.vec", line, new[] { 8 }, Arg.None));

        var outputs = graph.Run();

        Assert.Equal([5f, 3], outputs[0]);
        Assert.Equal([3f, 2.5f], outputs[1]);
        Assert.Equal([2.75f], outputs[2]);
        Assert.Equal([5f, 3, 2, 0], outputs[3]);
        Assert.Equal([2f, 1, 5, 3, 2, 1], outputs[4]);
        Assert.Equal([1f, 1, 5, 5, 3, 3, 2, 2], outputs[5]);
    }

    [Fact]
    public void Normalisations_follow_their_formula()
    {
        var graph = new AtenGraph();
        var input = graph.Input([1, 2, 2], 1, 3, 2, 6);
        graph.Output(graph.Call("aten::layer_norm", input, new[] { 2 }, Arg.None, Arg.None, 0.0), graph.Call("aten::group_norm", input, 1, Arg.None, Arg.None, 0.0),
            graph.Call("aten::instance_norm", input, Arg.None, Arg.None, Arg.None, Arg.None, true, 0.1, 0.0, false), graph.Call("aten::rms_norm", input, new[] { 2 }, Arg.None, 0.0));

        var outputs = graph.Run();

        Assert.Equal([-1f, 1, -1, 1], outputs[0].Select(value => MathF.Round(value, 4)));
        Assert.Equal(-2 / MathF.Sqrt(3.5f), outputs[1][0], 1e-4f);
        Assert.Equal([-1f, 1, -1, 1], outputs[2].Select(value => MathF.Round(value, 4)));
        Assert.Equal(3 / MathF.Sqrt(5), outputs[3][1], 1e-4f);
    }

    [Fact]
    public void Recurrent_layers_are_unrolled()
    {
        var graph = new AtenGraph();
        var input = graph.Input([2, 1, 1], 1, 2);
        var state = graph.Input([1, 1, 1], 0.5f);
        var weights = (GraphValue[])[graph.Parameter([1, 1], 0.3f), graph.Parameter([1, 1], 0.7f)];
        graph.Output(graph.CallAll("aten::rnn_tanh.input", input, state, weights, false, 1, 0.0, false, false, false)[0]);

        var first = MathF.Tanh(0.3f + 0.35f);
        Assert.Equal([first, MathF.Tanh(0.6f + (0.7f * first))], graph.Run()[0].Select(value => value), new Close());
    }

    [Fact]
    public void Scatter_and_gather_are_puts_and_picks()
    {
        var graph = new AtenGraph();
        var input = graph.Input([3, 2], 1, 2, 3, 4, 5, 6);
        var index = graph.Constant(ScalarType.Long, [2], 2L, 0L);
        var source = graph.Input([2, 2], 10, 20, 30, 40);
        graph.Output(graph.Call("aten::index_copy", input, 0, index, source), graph.Call("aten::index_add", input, 0, index, source), graph.Call("aten::index_fill.int_Scalar", input, 0, index, 9.0),
            graph.Call("aten::repeat_interleave.self_int", input, 2, 1));

        var outputs = graph.Run();

        Assert.Equal([30f, 40, 3, 4, 10, 20], outputs[0]);
        Assert.Equal([31f, 42, 3, 4, 15, 26], outputs[1]);
        Assert.Equal([9f, 9, 3, 4, 9, 9], outputs[2]);
        Assert.Equal([1f, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], outputs[3]);
    }

    [Fact]
    public void Losses_follow_their_formula()
    {
        var graph = new AtenGraph();
        var (logits, target) = (graph.Input([2, 2], 1, 2, 3, 1), graph.Constant(ScalarType.Long, [2], 1L, 0L));
        var (guess, truth) = (graph.Input([2], 1, 3), graph.Input([2], 2, 5));
        graph.Output(graph.Call("aten::cross_entropy_loss", logits, target), graph.Call("aten::mse_loss", guess, truth), graph.Call("aten::l1_loss", guess, truth), graph.Call("aten::huber_loss", guess, truth));

        var outputs = graph.Run();

        Assert.Equal((Math.Log(1 + Math.Exp(-1)) + Math.Log(1 + Math.Exp(-2))) / 2, outputs[0][0], 1e-5);
        Assert.Equal([2.5f], outputs[1]);
        Assert.Equal([1.5f], outputs[2]);
        Assert.Equal([1f], outputs[3]);
    }

    [Fact]
    public void Affine_quantisation_runs_as_arithmetic()
    {
        var graph = new AtenGraph();
        var input = graph.Input([1, 4], -1, 0, 1, 2);
        var parameters = graph.CallAll("torchao::choose_qparams_affine", input, "ASYMMETRIC", new[] { 1, 4 }, ScalarType.Char, -128, 127, Arg.None, Arg.None, ScalarType.Char);
        var quantized = graph.Call("torchao::quantize_affine", input, new[] { 1, 4 }, parameters[0], parameters[1], ScalarType.Char, -128, 127);
        graph.Output(graph.Call("torchao::dequantize_affine", quantized, new[] { 1, 4 }, parameters[0], parameters[1], ScalarType.Char, -128, 127));

        Assert.All(graph.Run()[0].Zip([-1f, 0, 1, 2]), pair => Assert.Equal(pair.Second, pair.First, 0.007f));
    }

    [Fact]
    public void Blocks_that_are_none_of_the_tensor_are_refused()
    {
        foreach (var block in (int[][])[[4], [1, 4, 1], [1, 0], [1, -2]])
        {
            var graph = new AtenGraph();
            var input = graph.Input([1, 4], -1, 0, 1, 2);
            var scale = graph.Input([1], 1f);
            graph.Output(graph.Call("torchao::quantize_affine", input, block, scale, Arg.None, ScalarType.Char, -128, 127));
            Assert.Equal(ErrorCode.OperatorNotLowerable, Assert.Throws<TandemException>(() => graph.Run()).Code);
        }
    }

    [Fact]
    public void Symbolic_sizes_keep_their_bounds()
    {
        var length = SymbolicInt.Symbol("s0", 2, 64);
        var graph = new AtenGraph();
        var input = graph.Input(TensorSpec.Contiguous(ScalarType.Float, 2, length, 8));
        var flat = graph.Call("aten::flatten.using_ints", input, 0, 1);
        var method = graph.Output(graph.Call("aten::cat", (GraphValue[])[flat, flat])).Lower();

        var result = method.Graph.Nodes[^1].Outputs[0].Tensor!;
        Assert.Equal("4*s0", result.Sizes[0].Expression);
        Assert.Equal((8L, 256L), (result.Sizes[0].Minimum, result.Sizes[0].Maximum));
        Assert.All(method.Graph.Nodes.SelectMany(node => node.Outputs), value => Assert.True(value.Tensor is null || value.Tensor.Sizes.All(size => size.IsBounded)));
    }

    [Fact]
    [ProducesError(ErrorCode.OperatorNotLowerable)]
    public void What_nothing_runs_is_refused_with_its_source_line()
    {
        var graph = new AtenGraph();
        graph.Output(graph.Call("aten::dropout", graph.Input([2], 1, 2), 0.5, true));

        var error = Assert.Throws<TandemException>(() => graph.Lower());

        Assert.Equal(ErrorCode.OperatorNotLowerable, error.Code);
        Assert.Contains("model.py, line 1", error.Details.Location);
    }

    private sealed class Close : IEqualityComparer<float>
    {
        public bool Equals(float left, float right) => MathF.Abs(left - right) < 1e-5f;

        public int GetHashCode(float value) => 0;
    }
}
