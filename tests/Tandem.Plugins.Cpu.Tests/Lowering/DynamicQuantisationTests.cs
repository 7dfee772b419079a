using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;
using static Tandem.Plugins.Cpu.Tests.Fakes.QuantisedGraph;
using static Tandem.Plugins.Cpu.Tests.Lowering.StaticQuantisationTests;

namespace Tandem.Plugins.Cpu.Tests.Lowering;

/// <summary>Activations that each call quantises row by row, as PT2E and torchao write them.</summary>
public class DynamicQuantisationTests
{
    [Fact]
    public void Blocks_of_four_bit_codes_are_packed_two_in_a_byte_with_bfloat16_scales()
    {
        var e = new EdgeMethod();
        var codes = SomeCodes(128, -8, 7);
        var x = e.AffineRows(e.Input("x", 3, 64), [3, 64]);
        var y = e.Node("y", "aten::linear", [3, 2], ("input", x), ("weight", e.Affine("w", codes, [2, 64], 32, [0.5f, 0.1f, 1, 3])), ("bias", e.Parameter("b", [1f, 2], 2)));
        var lowered = FakeLowering.Lower(e.Build(y));

        Assert.Equal(["Convert", "FullyConnected"], lowered.Kinds);
        var product = lowered.Graph.Nodes[1];
        Assert.Equal((PayloadDatatype.QDInt8, new PayloadQuantization.PerTokenDynamic(1)), (Value(lowered, product.Inputs[0]).Datatype, Value(lowered, product.Inputs[0]).Quantization));
        Assert.Equal(PayloadDatatype.Fp32, Value(lowered, product.Inputs[2]).Datatype);
        var filter = Value(lowered, product.Inputs[1]);
        var blocks = Assert.IsType<PayloadQuantization.PerChannelGroup>(filter.Quantization);
        Assert.Equal((PayloadDatatype.QBInt4, 0, 32, 4u), (filter.Datatype, blocks.ChannelDimension, blocks.GroupSize, blocks.ScaleCount));
        Assert.Equal(Enumerable.Range(0, 64).Select(i => (byte)(codes[2 * i] + 8 | ((codes[(2 * i) + 1] + 8) << 4))), Bytes(lowered, product.Inputs[1]));
        var scales = lowered.NamedData()[lowered.Graph.Constants[(int)blocks.ScaleIndex].Key!];
        Assert.Equal([0x3F00, 0x3DCD, 0x3F80, 0x4040], MemoryMarshal.Cast<byte, ushort>(scales).ToArray().Select(bits => (int)bits));
    }

    [Theory]
    [InlineData(-8, 7, 64, 64, "QBInt4")]
    [InlineData(-8, 7, 48, 48, "QCInt4")]
    [InlineData(-8, 7, 33, 33, "QCInt8")]
    [InlineData(-128, 127, 64, 64, "QCInt8")]
    public void Rows_with_one_scale_are_what_a_payload_has_for_them(int least, int most, int columns, int group, string datatype)
    {
        var e = new EdgeMethod();
        var x = e.AffineRows(e.Input("x", 3, columns), [3, columns]);
        var w = e.Affine("w", SomeCodes(2 * columns, -8, 7), [2, columns], group, [0.5f, 0.1f], least, most);
        var lowered = FakeLowering.Lower(e.Build(e.Node("y", "aten::linear", [3, 2], ("input", x), ("weight", w))));

        Assert.Equal(datatype, Value(lowered, lowered.Graph.Nodes[^1].Inputs[1]).Datatype.ToString());
        Assert.Equal(PayloadValue.NoId, lowered.Graph.Nodes[^1].Inputs[2]);
    }

    [Fact]
    public void Products_of_one_tensor_quantise_its_rows_once()
    {
        var e = new EdgeMethod();
        var x = e.DynamicRound(e.Input("x", 3, 4), [3, 4]);
        var a = e.Node("a", "aten::linear", [3, 2], ("input", x), ("weight", e.PerChannel("w", SomeCodes(8), [2, 4], [0.5f, 0.1f])));
        var b = e.Node("b", "aten::linear", [3, 3], ("input", x), ("weight", e.PerChannel("v", SomeCodes(12), [3, 4], [0.5f, 0.1f, 2])));
        var lowered = FakeLowering.Lower(e.Build(a, b));

        Assert.Equal(["Convert", "FullyConnected", "FullyConnected"], lowered.Kinds);
    }

    [Fact]
    public void A_weight_with_one_scale_has_it_for_every_channel()
    {
        var e = new EdgeMethod();
        var x = e.DynamicRound(e.Input("x", 3, 4), [3, 4]);
        var w = e.Dequantise(e.Codes("w", SomeCodes(8), 2, 4), [2, 4], 0.125, 0);
        var lowered = FakeLowering.Lower(e.Build(e.Node("y", "aten::linear", [3, 2], ("input", x), ("weight", w))));

        Assert.Equal([0.125f, 0.125f], Scales(lowered, lowered.Graph.Nodes[^1].Inputs[1]));
    }

    [Fact]
    public void A_transposed_weight_of_a_product_is_stored_as_payloads_want_it()
    {
        var e = new EdgeMethod();
        var codes = SomeCodes(8);
        var x = e.DynamicRound(e.Input("x", 3, 4), [3, 4]);
        var w = e.PerChannel("w", codes, [2, 4], [0.5f, 0.1f]);
        var t = e.Node("t", "aten::permute_copy", [4, 2], ("self", w), ("dims", (int[])[1, 0]));
        var lowered = FakeLowering.Lower(e.Build(e.Node("y", "aten::addmm", [3, 2], ("self", e.Parameter("b", [1f, 2], 2)), ("mat1", x), ("mat2", t))));

        Assert.Equal(["Convert", "FullyConnected"], lowered.Kinds);
        Assert.Equal(MemoryMarshal.AsBytes(codes.AsSpan()).ToArray(), Bytes(lowered, lowered.Graph.Nodes[1].Inputs[1]));
    }

    [Fact]
    public void An_image_is_quantised_as_a_whole_and_a_convolution_without_bias_has_zeros()
    {
        var e = new EdgeMethod();
        SymbolicInt[] image = [1, 2, 5, 6];
        var x = e.DynamicRound(e.Input("x", image), image);
        var w = e.PerChannel("w", SomeCodes(72), [4, 2, 3, 3], [0.1f, 0.2f, 0.3f, 0.4f]);
        var lowered = FakeLowering.Lower(e.Build(e.Node("y", "aten::convolution", [1, 4, 3, 4], ("input", x), ("weight", w), ("bias", new GraphArgument.None()), ("stride", (int[])[1, 1]),
            ("padding", (int[])[0, 0]), ("dilation", (int[])[1, 1]), ("transposed", false), ("output_padding", (int[])[0, 0]), ("groups", 1))));

        var node = Assert.Single(lowered.Graph.Nodes, node => node.Kind == PayloadNodeKind.Conv2d);
        Assert.Equal(new PayloadQuantization.PerTokenDynamic(3), Value(lowered, node.Inputs[0]).Quantization);
        Assert.Equal(new byte[16], Bytes(lowered, node.Inputs[2]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_transposed_convolution_of_one_group_is_quantised_while_running(int groups)
    {
        var e = new EdgeMethod();
        SymbolicInt[] image = [1, 4, 5, 6];
        var x = e.DynamicRound(e.Input("x", image), image);
        var w = e.PerChannel("w", SomeCodes(72), [4, 2, 3, 3], [0.1f, 0.2f], axis: 1);
        var program = e.Build(e.Node("y", "aten::convolution", [1, 2 * groups, 11, 13], ("input", x), ("weight", w), ("bias", new GraphArgument.None()), ("stride", (int[])[2, 2]),
            ("padding", (int[])[0, 0]), ("dilation", (int[])[1, 1]), ("transposed", true), ("output_padding", (int[])[0, 0]), ("groups", groups)));
        if (groups > 1)
        {
            Assert.Contains(FakeLowering.Partition(program).Decisions, decision => decision.Reason?.Contains("transposed ones of one group") == true);
            return;
        }

        var lowered = FakeLowering.Lower(program);
        var node = Assert.Single(lowered.Graph.Nodes, node => node.Kind == PayloadNodeKind.ConvTranspose2d);
        Assert.Equal(new PayloadQuantization.PerTokenDynamic(3), Value(lowered, node.Inputs[0]).Quantization);
        Assert.Equal("[2, 3, 3, 4]", Value(lowered, node.Inputs[1]).Shape.ToString());
        Assert.Equal(new byte[8], Bytes(lowered, node.Inputs[2]));
    }

    [Fact]
    public void Float16_is_widened_before_its_rows_are_quantised()
    {
        var e = new EdgeMethod();
        var input = e.Input("x", ScalarType.Half, 3, 64);
        var x = e.AffineRows(input, [3, 64]);
        var half = e.Node("h", "dim_order_ops::_to_dim_order_copy", ScalarType.Half, [3, 64], ("self", input));
        var lowered = FakeLowering.Lower(e.Build(
            e.Node("y", "aten::linear", [3, 2], ("input", x), ("weight", e.Affine("w", SomeCodes(128, -8, 7), [2, 64], 32, [0.5f, 0.1f, 1, 3]))),
            e.Node("n", "aten::neg", ScalarType.Half, [3, 64], ("self", half))));

        Assert.Equal(2, lowered.Kinds.Count(kind => kind == "Convert"));
        Assert.Equal(PayloadDatatype.Fp32, Value(lowered, lowered.Graph.Nodes.Single(node => node.Kind == PayloadNodeKind.FullyConnected).Outputs[0]).Datatype);
    }

    [Theory]
    [InlineData("group16", "groups of 16")]
    [InlineData("int8 groups", "int8 weights with several scales")]
    [InlineData("code", "holds the code 100")]
    [InlineData("scale", "a scale is not positive")]
    [InlineData("rows", "in blocks of [1, 16]")]
    [InlineData("mapping", "the mapping CHOICE")]
    [InlineData("float weight", "the weight is not quantised")]
    [InlineData("numbers", "read as numbers")]
    [InlineData("depthwise", "plain convolutions")]
    public void What_a_payload_cannot_hold_is_refused_with_all_of_its_pattern(string what, string reason)
    {
        var e = new EdgeMethod();
        SymbolicInt[] sizes = what == "depthwise" ? [1, 2, 4, 4] : [3, 64];
        var input = e.Input("x", sizes);
        var x = what == "depthwise" ? e.DynamicRound(input, sizes) : e.AffineRows(input, sizes, what == "rows" ? 16 : null, what == "mapping" ? "CHOICE" : "ASYMMETRIC");
        var codes = SomeCodes(128, -8, 7);
        codes[5] = what == "code" ? (sbyte)100 : codes[5];
        var y = what switch
        {
            "numbers" => e.Node("y", "aten::neg", sizes, ("self", x)),
            "depthwise" => e.Node("y", "aten::convolution", [1, 2, 2, 2], ("input", x), ("weight", e.PerChannel("w", SomeCodes(18), [2, 1, 3, 3], [1, 2])),
                ("bias", new GraphArgument.None()), ("stride", (int[])[1, 1]), ("padding", (int[])[0, 0]), ("dilation", (int[])[1, 1]), ("transposed", false),
                ("output_padding", (int[])[0, 0]), ("groups", 2)),
            "float weight" => e.Node("y", "aten::linear", [3, 2], ("input", x), ("weight", e.Parameter("w", new float[128], 2, 64))),
            "group16" => e.Node("y", "aten::linear", [3, 2], ("input", x), ("weight", e.Affine("w", codes, [2, 64], 16, [1, 2, 3, 4, 5, 6, 7, 8]))),
            "int8 groups" => e.Node("y", "aten::linear", [3, 2], ("input", x), ("weight", e.Affine("w", codes, [2, 64], 32, [1, 2, 3, 4], -128, 127))),
            _ => e.Node("y", "aten::linear", [3, 2], ("input", x), ("weight", e.Affine("w", codes, [2, 64], 32, [1, 2, what == "scale" ? 0 : 3, 4]))),
        };
        var result = FakeLowering.Partition(e.Build(y));

        Assert.Contains(result.Decisions, decision => decision.Reason?.Contains(reason, StringComparison.Ordinal) == true);
        Assert.All(["x_choose", "x_q", "x_d"], name => Assert.False(result.Decisions.Single(decision => decision.NodeName == name).IsTaken));
    }

    [Fact]
    public void A_pattern_that_something_outside_reads_is_left_whole()
    {
        var e = new EdgeMethod();
        var x = e.DynamicRound(e.Input("x", 3, 4), [3, 4]);
        var a = e.Node("a", "aten::linear", [3, 2], ("input", x), ("weight", e.PerChannel("w", SomeCodes(8), [2, 4], [0.5f, 0.1f])));
        var result = FakeLowering.Partition(e.Build(a, e.Node("c", "aten::cumsum", [3, 4], ("self", x), ("dim", 0))));

        Assert.Contains("c reads it and is refused", result.Decisions.Single(decision => decision.NodeName == "x_d").Reason, StringComparison.Ordinal);
        Assert.False(result.Decisions.Single(decision => decision.NodeName == "x_choose").IsTaken);
    }
}
