using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Lowering;

public class PartitioningTests
{
    [Fact]
    public void A_node_between_two_that_are_taken_divides_them()
    {
        var e = new EdgeMethod();
        var a = e.Node("a", "aten::relu", [4], ("self", e.Input("x", 4)));
        var c = e.Node("c", "aten::cumsum", [4], ("self", a), ("dim", 0));
        var b = e.Node("b", "aten::neg", [4], ("self", c));

        var result = FakeLowering.Partition(e.Build(b));

        Assert.Equal(2, result.Partitions.Length);
        Assert.Equal("XNNPACK payloads have no node for aten::cumsum", Decision(result, "c").Reason);
        Assert.NotEqual(Decision(result, "a").Tag, Decision(result, "b").Tag);
    }

    [Fact]
    public void What_depends_on_nothing_refused_is_one_partition_even_where_it_is_not_connected()
    {
        var e = new EdgeMethod();
        var (x, y) = (e.Input("x", 4), e.Input("y", 4));
        var a = e.Node("a", "aten::relu", [4], ("self", x));
        var b = e.Node("b", "aten::neg", [4], ("self", y));
        var c = e.Node("c", "aten::cumsum", [4], ("self", a), ("dim", 0));
        var d = e.Node("d", "aten::cumsum", [4], ("self", b), ("dim", 0));
        var s = e.Node("s", "aten::add.Tensor", [4], ("self", c), ("other", d));

        var result = FakeLowering.Partition(e.Build(s));

        Assert.Equal(2, result.Partitions.Length);
        Assert.Equal(Decision(result, "a").Tag, Decision(result, "b").Tag);
    }

    [Fact]
    public void A_way_round_through_the_host_never_makes_a_cycle()
    {
        var e = new EdgeMethod();
        var a = e.Node("a", "aten::relu", [4], ("self", e.Input("x", 4)));
        var c = e.Node("c", "aten::cumsum", [4], ("self", a), ("dim", 0));
        var s = e.Node("s", "aten::add.Tensor", [4], ("self", a), ("other", c));

        var result = FakeLowering.Partition(e.Build(s));

        Assert.NotEqual(Decision(result, "a").Tag, Decision(result, "s").Tag);
    }

    [Theory]
    [InlineData("aten::max_pool2d", "a stride larger than the window")]
    [InlineData("aten::pow.Tensor_Scalar", "the exponent 0.5; payloads square")]
    [InlineData("aten::add.Tensor", "'n' is int64; payloads compute in float32, float16 and int8")]
    [InlineData("aten::convolution", "the weight or bias is computed at run time")]
    [InlineData("aten::_log_softmax", "XNNPACK payloads have no node for aten::_log_softmax")]
    public void A_refusal_states_the_fact_that_decides(string name, string reason)
    {
        var e = new EdgeMethod();
        var (x, w) = (e.Input("x", 1, 2, 8, 8), e.Input("w", 2, 2, 1, 1));
        var n = e.Input("n", ScalarType.Long, 8);
        var y = name switch
        {
            "aten::max_pool2d" => e.Node("y", name, [1, 2, 3, 3], ("self", x), ("kernel_size", (int[])[2, 2]), ("stride", (int[])[3, 3])),
            "aten::pow.Tensor_Scalar" => e.Node("y", name, [1, 2, 8, 8], ("self", x), ("exponent", 0.5)),
            "aten::add.Tensor" => e.Node("y", name, [1, 2, 8, 8], ("self", x), ("other", n)),
            "aten::convolution" => e.Node("y", name, [1, 2, 8, 8], ("input", x), ("weight", w), ("groups", 1)),
            _ => e.Node("y", name, [1, 2, 8, 8], ("self", x), ("dim", 1)),
        };

        var result = FakeLowering.Partition(e.Build(y));

        Assert.Equal(reason, Decision(result, "y").Reason);
        Assert.Empty(result.Partitions);
    }

    [Fact]
    public void A_quantised_pattern_that_was_taken_apart_is_left_whole()
    {
        var e = new EdgeMethod();
        var codes = e.Node("codes", "dim_order_ops::_to_dim_order_copy", [4], ("self", e.Input("x", ScalarType.Char, 4)));
        var scaled = e.Node("scaled", "aten::mul.Scalar", [4], ("self", codes), ("other", 0.5));
        var a = e.Node("a", "aten::tanh", [4], ("self", scaled));
        var b = e.Node("b", "aten::neg", [4], ("self", a));

        var result = FakeLowering.Partition(e.Build(b));

        Assert.Contains("int8", Decision(result, "codes").Reason, StringComparison.Ordinal);
        Assert.Contains("quantised pattern", Decision(result, "scaled").Reason, StringComparison.Ordinal);
        Assert.True(Decision(result, "a").IsTaken);
        Assert.True(Decision(result, "b").IsTaken);
    }

    [Fact]
    public void A_partition_that_would_only_move_elements_is_not_made()
    {
        var e = new EdgeMethod();
        var t = e.Node("t", "aten::permute_copy", [3, 2], ("self", e.Input("x", 2, 3)), ("dims", (int[])[1, 0]));

        var result = FakeLowering.Partition(e.Build(t));

        Assert.Contains("only move elements", Decision(result, "t").Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_constant_that_the_host_reads_too_is_left_to_the_host()
    {
        var e = new EdgeMethod();
        var full = e.Node("full", "aten::full", [4], ("size", (int[])[4]), ("fill_value", 2));
        var c = e.Node("c", "aten::cumsum", [4], ("self", full), ("dim", 0));
        var a = e.Node("a", "aten::add.Tensor", [4], ("self", e.Input("x", 4)), ("other", full));
        var s = e.Node("s", "aten::mul.Tensor", [4], ("self", a), ("other", c));

        var result = FakeLowering.Partition(e.Build(s));

        Assert.False(Decision(result, "full").IsTaken);
        Assert.Single(result.Partitions);
    }

    [Fact]
    public void A_constant_that_one_partition_reads_is_no_argument_of_the_call()
    {
        var e = new EdgeMethod();
        var full = e.Node("full", "aten::full", [2, 2], ("size", (int[])[2, 2]), ("fill_value", 3));
        var lowered = FakeLowering.Lower(e.Build(e.Node("y", "aten::mul.Tensor", [2, 2], ("self", e.Input("x", 2, 2)), ("other", full))));

        Assert.Equal(["Multiply"], lowered.Kinds);
        Assert.Equal([3, 6, 9, 12], lowered.Run([[2, 2]], ([1, 2, 3, 4], [2, 2]))[0]);
    }

    [Fact]
    public void Nodes_of_an_earlier_backend_get_no_decision_and_divide_like_any_other()
    {
        var e = new EdgeMethod();
        var a = e.Node("a", "aten::relu", [4], ("self", e.Input("x", 4)));
        var b = e.Node("b", "aten::neg", [4], ("self", a));
        var c = e.Node("c", "aten::abs", [4], ("self", b));

        var result = FakeLowering.Partition(e.Build(c), "b");

        Assert.Equal(["a", "c"], result.Decisions.Select(decision => decision.NodeName));
        Assert.Equal(2, result.Partitions.Length);
    }

    [Theory]
    [InlineData("higher_order::cond", 3, true)]
    [InlineData("higher_order::map_impl", 3, false)]
    [InlineData("higher_order::map_impl", 4096, true)]
    public void Nested_graphs_are_partitioned_with_the_parameters_that_they_are_given_where_a_loop_does_enough_in_a_round(string control, int size, bool isTaken)
    {
        var inner = new EdgeMethod();
        inner.Input("ix", 2, size);
        inner.Input("iw", 4, size);
        var y = inner.Node("y", "aten::linear", [2, 4], ("input", new EdgeMethod.Name("ix")), ("weight", new EdgeMethod.Name("iw")));
        var e = new EdgeMethod();
        var (x, w) = (e.Input("x", 2, size), e.Parameter("w", TestData.Numbers(4 * size), 4, size));
        var c = e.Node("c", control, [2, 4], ("graph", new GraphArgument.Subgraph(inner.Build(y).Graph)), ("operands", (EdgeMethod.Name[])[x, w]));

        var result = FakeLowering.Partition(e.Build(c));

        Assert.Equal(isTaken, Decision(result, "y").IsTaken);
        Assert.False(Decision(result, "c").IsTaken);
        if (!isTaken)
        {
            Assert.Equal("its partition would do about 24 multiplications in each round of a loop, which is not worth a call", Decision(result, "y").Reason);
        }
    }

    private static NodeDecision Decision(PartitionResult result, string node) => result.Decisions.Single(decision => decision.NodeName == node);
}
