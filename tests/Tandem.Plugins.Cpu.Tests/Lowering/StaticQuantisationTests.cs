using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;
using static Tandem.Plugins.Cpu.Tests.Fakes.QuantisedGraph;

namespace Tandem.Plugins.Cpu.Tests.Lowering;

/// <summary>Scales and zero points that are known ahead of time: operators compute with int8 codes, and conversions remain only where numbers meet them.</summary>
public class StaticQuantisationTests
{
    [Fact]
    public void A_linear_layer_between_quantisations_is_one_node_of_codes_and_its_bias_has_the_scale_of_the_products()
    {
        var e = new EdgeMethod();
        var x = e.Round(e.Input("x", 2, 4), [2, 4], 0.5, 3);
        var w = e.PerChannel("w", SomeCodes(12), [3, 4], [0.25f, 0.5f, 1]);
        var y = e.Node("y", "aten::linear", [2, 3], ("input", x), ("weight", w), ("bias", e.Parameter("b", [1f, -0.3125f, 7], 3)));
        var lowered = FakeLowering.Lower(e.Build(e.Round(e.Node("r", "aten::relu", [2, 3], ("self", y)), [2, 3], 0.75, -128)));

        Assert.Equal(["Convert", "FullyConnected", "Convert"], lowered.Kinds);
        var product = lowered.Graph.Nodes[1];
        Assert.Equal((0f, float.PositiveInfinity), (product.Minimum, product.Maximum));
        Assert.Equal(new PayloadQuantization.PerTensor(0.5f, 3), Value(lowered, product.Inputs[0]).Quantization);
        Assert.Equal(new PayloadQuantization.PerTensor(0.75f, -128), Value(lowered, product.Outputs[0]).Quantization);
        Assert.Equal(PayloadDatatype.QCInt8, Value(lowered, product.Inputs[1]).Datatype);
        Assert.Equal(PayloadDatatype.QCInt32, Value(lowered, product.Inputs[2]).Datatype);
        Assert.Equal([0.125f, 0.25f, 0.5f], Scales(lowered, product.Inputs[2]));

        // -0.3125 / 0.25 = -1.25; ties go to even: 1 / 0.125 = 8, 7 / 0.5 = 14.
        Assert.Equal([8, -1, 14], MemoryMarshal.Cast<byte, int>(Bytes(lowered, product.Inputs[2])).ToArray());
    }

    [Fact]
    public void A_weight_with_one_scale_is_qint8_and_its_bias_qint32()
    {
        var e = new EdgeMethod();
        var x = e.Round(e.Input("x", 2, 4), [2, 4]);
        var w = e.Dequantise(e.Codes("w", SomeCodes(12), 3, 4), [3, 4], 0.125, 0);
        var y = e.Node("y", "aten::linear", [2, 3], ("input", x), ("weight", w), ("bias", e.Parameter("b", [1f, 2, 3], 3)));
        var lowered = FakeLowering.Lower(e.Build(e.Round(y, [2, 3])));

        var product = lowered.Graph.Nodes[1];
        Assert.Equal((PayloadDatatype.QInt8, new PayloadQuantization.PerTensor(0.125f, 0)), (Value(lowered, product.Inputs[1]).Datatype, Value(lowered, product.Inputs[1]).Quantization));
        Assert.Equal((PayloadDatatype.QInt32, new PayloadQuantization.PerTensor(0.0625f, 0)), (Value(lowered, product.Inputs[2]).Datatype, Value(lowered, product.Inputs[2]).Quantization));
    }

    [Theory]
    [InlineData("plain", "Conv2d", new[] { 4, 2, 3, 2 }, 0)]
    [InlineData("depthwise", "DepthwiseConv2d", new[] { 1, 2, 3, 4 }, 3)]
    [InlineData("transposed", "ConvTranspose2d", new[] { 4, 2, 3, 2 }, 0)]
    [InlineData("line", "Conv2d", new[] { 4, 1, 3, 2 }, 0)]
    public void A_convolution_has_its_channels_where_the_payload_wants_them(string form, string kind, int[] filter, int channels)
    {
        var e = new EdgeMethod();
        int[] weight = form switch { "depthwise" => [4, 1, 2, 3], "transposed" => [2, 4, 2, 3], "line" => [4, 2, 3], _ => [4, 2, 2, 3] };
        SymbolicInt[] image = form switch { "depthwise" => [1, 4, 5, 6], "line" => [1, 2, 6], _ => [1, 2, 5, 6] };
        SymbolicInt[] result = form switch { "transposed" => [1, 4, 6, 8], "line" => [1, 4, 4], _ => [1, 4, 4, 4] };
        var x = e.Round(e.Input("x", image), image);
        var w = e.PerChannel("w", SomeCodes(weight.Aggregate(1, (a, b) => a * b)), weight, [0.1f, 0.2f, 0.3f, 0.4f], axis: form == "transposed" ? 1 : 0);
        var y = e.Node("y", "aten::convolution", result, ("input", x), ("weight", w), ("bias", e.Parameter("b", [1f, 2, 3, 4], 4)), ("stride", (int[])[1]), ("padding", (int[])[0]),
            ("dilation", (int[])[1]), ("transposed", form == "transposed"), ("output_padding", (int[])[0]), ("groups", form == "depthwise" ? 4 : 1));
        var lowered = FakeLowering.Lower(e.Build(e.Round(y, result)));

        var node = Assert.Single(lowered.Graph.Nodes, node => node.Convolution is not null);
        Assert.Equal(kind, node.Kind.ToString());
        var value = Value(lowered, node.Inputs[1]);
        Assert.Equal(filter, Enumerable.Range(1, value.Shape.Rank).Reverse().Select(value.Shape.FromEnd));
        Assert.Equal(channels, ((PayloadQuantization.PerChannel)value.Quantization!).ChannelDimension);
        Assert.Equal([0.1f, 0.2f, 0.3f, 0.4f], Scales(lowered, node.Inputs[1]));
        Assert.Equal(PayloadDatatype.QInt8, Value(lowered, node.Inputs[0]).Datatype);
        Assert.Equal(PayloadDatatype.QInt8, Value(lowered, node.Outputs[0]).Datatype);
    }

    [Theory]
    [InlineData("aten::add.Tensor", "Add")]
    [InlineData("aten::sub.Tensor", "Subtract")]
    [InlineData("aten::mul.Tensor", "Multiply")]
    public void Arithmetic_of_codes_has_a_scale_for_each_operand(string name, string kind)
    {
        var e = new EdgeMethod();
        var (x, y) = (e.Round(e.Input("x", 2, 4), [2, 4], 0.5, 3), e.Round(e.Input("y", 4), [4], 0.25, 0));
        var lowered = FakeLowering.Lower(e.Build(e.Round(e.Node("z", name, [2, 4], ("self", x), ("other", y)), [2, 4], 1, -5)));

        Assert.Equal(["Convert", "Convert", kind, "Convert"], lowered.Kinds);
        var node = lowered.Graph.Nodes[2];
        Assert.Equal(
            [new PayloadQuantization.PerTensor(0.5f, 3), new PayloadQuantization.PerTensor(0.25f, 0), new PayloadQuantization.PerTensor(1, -5)],
            node.Inputs.Concat(node.Outputs).Select(id => Value(lowered, id).Quantization));
    }

    [Fact]
    public void A_number_that_is_stored_as_a_code_is_an_operand_of_codes()
    {
        var e = new EdgeMethod();
        var (x, k) = (e.Round(e.Input("x", 2, 4), [2, 4], 0.5, 3), e.Dequantise(e.Codes("k", [127]), [], 0.0025, 0));
        var lowered = FakeLowering.Lower(e.Build(e.Round(e.Node("z", "aten::mul.Tensor", [2, 4], ("self", x), ("other", k)), [2, 4], 0.15, 3)));

        Assert.Equal(["Convert", "Multiply", "Convert"], lowered.Kinds);
        var number = Value(lowered, lowered.Graph.Nodes[1].Inputs[1]);
        Assert.Equal((PayloadDatatype.QInt8, new PayloadQuantization.PerTensor(0.0025f, 0)), (number.Datatype, number.Quantization));
    }

    [Theory]
    [InlineData(1e-4, 1, 1, "aten::add.Tensor")]
    [InlineData(1000, 1, 1, "aten::sub.Tensor")]
    [InlineData(1e-3, 1e-3, 1, "aten::mul.Tensor")]
    public void Scales_that_are_too_far_apart_are_computed_as_numbers(double first, double second, double result, string name)
    {
        var e = new EdgeMethod();
        var (x, y) = (e.Round(e.Input("x", 4), [4], first, 3), e.Round(e.Input("y", 4), [4], second, 0));
        var lowered = FakeLowering.Lower(e.Build(e.Round(e.Node("z", name, [4], ("self", x), ("other", y)), [4], result, 0)));

        var node = Assert.Single(lowered.Graph.Nodes, node => node.Kind != PayloadNodeKind.Convert);
        Assert.All(node.Inputs.Concat(node.Outputs), id => Assert.Equal(PayloadDatatype.Fp32, Value(lowered, id).Datatype));
    }

    [Fact]
    public void What_only_moves_codes_leaves_no_conversion_between()
    {
        var e = new EdgeMethod();
        SymbolicInt[] image = [1, 3, 4, 4];
        var x = e.Round(e.Input("x", image), image);
        var a = e.Round(e.Node("a", "aten::permute_copy", [1, 4, 4, 3], ("self", x), ("dims", (int[])[0, 2, 3, 1])), [1, 4, 4, 3]);
        var b = e.Round(e.Node("b", "aten::slice_copy.Tensor", [1, 2, 4, 3], ("self", a), ("dim", 1), ("start", 1), ("end", 3)), [1, 2, 4, 3]);
        var c = e.Round(e.Node("c", "aten::view_copy", [8, 3], ("self", b), ("size", (int[])[8, 3])), [8, 3]);
        var d = e.Round(e.Node("d", "aten::relu", [8, 3], ("self", c)), [8, 3]);
        var f = e.Round(e.Node("f", "aten::cat", [16, 3], ("tensors", (EdgeMethod.Name[])[d, c]), ("dim", 0)), [16, 3]);
        var g = e.Round(e.Node("g", "aten::constant_pad_nd", [16, 5], ("self", f), ("pad", (int[])[1, 1]), ("value", 0.0)), [16, 5]);
        var lowered = FakeLowering.Lower(e.Build(g));

        Assert.Equal(2, lowered.Kinds.Count(kind => kind == "Convert"));
        Assert.Equal(
            ["Clamp", "Concatenate2", "Convert", "Convert", "StaticConstantPad", "StaticReshape", "StaticSlice", "StaticTranspose"],
            lowered.Kinds.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Pooling_and_means_of_images_compute_with_codes()
    {
        var e = new EdgeMethod();
        SymbolicInt[] image = [1, 3, 4, 4];
        var x = e.Round(e.Input("x", image), image);
        var a = e.Round(e.Node("a", "aten::max_pool2d", [1, 3, 2, 2], ("self", x), ("kernel_size", (int[])[2, 2]), ("stride", (int[])[2, 2])), [1, 3, 2, 2]);
        var b = e.Round(e.Node("b", "aten::mean.dim", [1, 3, 1, 1], ("self", a), ("dim", (int[])[2, 3]), ("keepdim", true)), [1, 3, 1, 1], 0.4, 7);
        var lowered = FakeLowering.Lower(e.Build(b));

        var (pool, mean) = (lowered.Graph.Nodes.Single(node => node.Kind == PayloadNodeKind.MaxPooling2d), lowered.Graph.Nodes.Single(node => node.Kind == PayloadNodeKind.GlobalAvgPooling2d));
        Assert.Equal(pool.Outputs[0], mean.Inputs[0]);
        Assert.Equal(new PayloadQuantization.PerTensor(0.4f, 7), Value(lowered, mean.Outputs[0]).Quantization);
    }

    [Fact]
    public void Codes_with_other_parameters_than_those_that_were_pooled_are_made_of_numbers()
    {
        var e = new EdgeMethod();
        SymbolicInt[] image = [1, 3, 4, 4];
        var a = e.Node("a", "aten::max_pool2d", [1, 3, 2, 2], ("self", e.Round(e.Input("x", image), image)), ("kernel_size", (int[])[2, 2]), ("stride", (int[])[2, 2]));
        var lowered = FakeLowering.Lower(e.Build(e.Round(a, [1, 3, 2, 2], 0.4, 7)));

        var pool = Assert.Single(lowered.Graph.Nodes, node => node.Kind == PayloadNodeKind.MaxPooling2d);
        Assert.Equal(new PayloadQuantization.PerTensor(0.5f, 3), Value(lowered, pool.Outputs[0]).Quantization);
        Assert.Equal(4, lowered.Kinds.Count(kind => kind == "Convert"));
    }

    [Fact]
    public void A_clamp_whose_bounds_have_no_code_is_fused_only_where_the_result_is_rounded_to_the_same_codes()
    {
        var e = new EdgeMethod();
        var x = e.Round(e.Input("x", 8), [8], 0.5, 0);
        var lowered = FakeLowering.Lower(e.Build(e.Round(e.Node("y", "aten::hardtanh", [8], ("self", x), ("min_val", -0.3), ("max_val", 1.7)), [8], 0.25, 0)));
        var clamp = Assert.Single(lowered.Graph.Nodes, node => node.Kind == PayloadNodeKind.Clamp);
        Assert.Equal(PayloadDatatype.Fp32, Value(lowered, clamp.Inputs[0]).Datatype);

        e = new EdgeMethod();
        x = e.Round(e.Input("x", 8), [8], 0.5, 0);
        lowered = FakeLowering.Lower(e.Build(e.Round(e.Node("y", "aten::hardtanh", [8], ("self", x), ("min_val", -0.3), ("max_val", 1.7)), [8], 0.5, 0)));
        clamp = Assert.Single(lowered.Graph.Nodes, node => node.Kind == PayloadNodeKind.Clamp);
        Assert.Equal(PayloadDatatype.QInt8, Value(lowered, clamp.Inputs[0]).Datatype);
    }

    [Fact]
    public void A_narrower_range_of_codes_is_a_clamp()
    {
        var e = new EdgeMethod();
        var q = e.Quantise(e.Input("x", 8), [8], 0.5, 3, -127, 100);
        var lowered = FakeLowering.Lower(e.Build(e.Node("n", "aten::neg", [8], ("self", e.Dequantise(q, [8], 0.5, 3)))));

        var clamp = Assert.Single(lowered.Graph.Nodes, node => node.Kind == PayloadNodeKind.Clamp);
        Assert.Equal((-65f, 48.5f), (clamp.Minimum, clamp.Maximum));
        Assert.Equal(PayloadDatatype.QInt8, Value(lowered, clamp.Outputs[0]).Datatype);
    }

    [Fact]
    public void Codes_are_arguments_of_the_call_in_both_directions()
    {
        var e = new EdgeMethod();
        var x = e.Dequantise(e.Input("x", ScalarType.Char, 8), [8], 0.5, 3);
        var lowered = FakeLowering.Lower(e.Build(e.Quantise(e.Node("y", "aten::neg", [8], ("self", x)), [8], 0.25, -1)));

        var (input, output) = (lowered.Graph.Values.Single(value => value.Flags == PayloadValue.ExternalInput), lowered.Graph.Values.Single(value => value.Flags == PayloadValue.ExternalOutput));
        Assert.Equal((PayloadDatatype.QInt8, new PayloadQuantization.PerTensor(0.5f, 3)), (input.Datatype, input.Quantization));
        Assert.Equal((PayloadDatatype.QInt8, new PayloadQuantization.PerTensor(0.25f, -1)), (output.Datatype, output.Quantization));
    }

    [Fact]
    public void A_result_that_is_read_as_numbers_too_is_computed_as_numbers()
    {
        var e = new EdgeMethod();
        var x = e.Round(e.Input("x", 2, 4), [2, 4]);
        var y = e.Node("y", "aten::linear", [2, 3], ("input", x), ("weight", e.PerChannel("w", SomeCodes(12), [3, 4], [0.25f, 0.5f, 1])));
        var lowered = FakeLowering.Lower(e.Build(e.Round(y, [2, 3]), e.Node("n", "aten::neg", [2, 3], ("self", y))));

        var product = Assert.Single(lowered.Graph.Nodes, node => node.Kind == PayloadNodeKind.FullyConnected);
        Assert.Equal([PayloadDatatype.Fp32, PayloadDatatype.Fp32], product.Inputs[..2].Select(id => Value(lowered, id).Datatype));
        var weights = MemoryMarshal.Cast<byte, float>(Bytes(lowered, product.Inputs[1])).ToArray();
        Assert.Equal(SomeCodes(12).Select((code, i) => code * (i < 4 ? 0.25f : i < 8 ? 0.5f : 1)), weights);
    }

    [Fact]
    public void A_bias_beyond_an_integer_and_a_zero_point_of_a_weight_are_computed_as_numbers()
    {
        foreach (var (bias, scale, zero) in (ValueTuple<float, float, long>[])[(1e9f, 1e-3f, 0), (1, 0.5f, 4), (1, 1000, 0)])
        {
            var e = new EdgeMethod();
            var x = e.Round(e.Input("x", 2, 4), [2, 4]);
            var w = e.PerChannel("w", SomeCodes(4), [1, 4], [scale], [zero]);
            var y = e.Node("y", "aten::linear", [2, 1], ("input", x), ("weight", w), ("bias", e.Parameter("b", [bias], 1)));
            var lowered = FakeLowering.Lower(e.Build(e.Round(y, [2, 1])));

            var product = Assert.Single(lowered.Graph.Nodes, node => node.Kind == PayloadNodeKind.FullyConnected);
            Assert.Equal(PayloadDatatype.Fp32, Value(lowered, product.Inputs[1]).Datatype);
        }
    }

    [Theory]
    [InlineData("scale", "the scale 0")]
    [InlineData("subnormal", "the scale 1E-40")]
    [InlineData("zero point", "the zero point 200")]
    [InlineData("range", "codes from 0 to 255")]
    [InlineData("uint8", "codes of uint8")]
    [InlineData("int8", "operands of int8")]
    [InlineData("other scale", "are dequantised as")]
    [InlineData("axis", "dimension 2 of a tensor of rank 2")]
    [InlineData("scales", "3 numbers in 'scales' for [2, 1] blocks")]
    [InlineData("group", "blocks of 3 do not divide a dimension of 4")]
    [InlineData("no group", "blocks of 0 do not divide")]
    [InlineData("channels", "codes that are computed when called have more than one scale")]
    public void What_no_payload_can_hold_is_refused_and_says_why(string what, string reason)
    {
        var e = new EdgeMethod();
        var x = e.Input("x", 2, 4);
        var y = what switch
        {
            "scale" => e.Round(x, [2, 4], 0),
            "subnormal" => e.Round(x, [2, 4], 1e-40),
            "zero point" => e.Round(x, [2, 4], 0.5, 200),
            "range" => e.Dequantise(e.Quantise(x, [2, 4], 0.5, 3, 0, 255), [2, 4]),
            "uint8" => e.Dequantise(e.Quantise(x, [2, 4], 0.5, 3, 0, 255, ScalarType.Byte), [2, 4], 0.5, 3, "d", ScalarType.Byte),
            "int8" => e.Dequantise(e.Node("n", "aten::add.Tensor", ScalarType.Char, [2, 4], ("self", e.Quantise(x, [2, 4])), ("other", e.Input("z", ScalarType.Char, 2, 4))), [2, 4]),
            "other scale" => e.Dequantise(e.Quantise(x, [2, 4]), [2, 4], 0.25, 3),
            "axis" => Linear(e.PerChannel("w", SomeCodes(8), [2, 4], [1, 2], axis: 2)),
            "scales" => Linear(e.PerChannel("w", SomeCodes(8), [2, 4], [1, 2, 3])),
            "group" => Linear(e.Affine("w", SomeCodes(8), [2, 4], 3, [1, 2])),
            "no group" => Linear(e.Affine("w", SomeCodes(8), [2, 4], 0, [1, 2])),
            _ => e.Node("y", "quantized_decomposed::dequantize_per_channel", [2, 4], ("input", e.Quantise(x, [2, 4])), ("scales", e.Parameter("s", [1f, 2], 2)),
                ("zero_points", e.Longs("z", 0, 0)), ("axis", 0), ("quant_min", -128), ("quant_max", 127), ("dtype", new GraphArgument.DataType(ScalarType.Char))),
        };
        var result = FakeLowering.Partition(e.Build(e.Node("n2", "aten::neg", [2, what is "axis" or "scales" or "group" or "no group" ? 2 : 4], ("self", y))));

        Assert.Contains(result.Decisions, decision => decision.Reason?.Contains(reason, StringComparison.Ordinal) == true);
        Assert.True(result.Decisions.Single(decision => decision.NodeName == "n2").IsTaken);

        EdgeMethod.Name Linear(EdgeMethod.Name weight) => e.Node("l", "aten::linear", [2, 2], ("input", e.Round(x, [2, 4])), ("weight", weight));
    }

    [Fact]
    public void Codes_that_a_part_outside_needs_cross_as_they_are_and_each_reader_dequantises_them()
    {
        var e = new EdgeMethod();
        var q = e.Quantise(e.Node("a", "aten::neg", [2, 4], ("self", e.Input("x", 2, 4))), [2, 4]);
        var c = e.Node("c", "aten::cumsum", [2, 4], ("self", e.Dequantise(q, [2, 4], suffix: "outside")), ("dim", 0));
        var y = e.Node("y", "aten::add.Tensor", [2, 4], ("self", e.Dequantise(q, [2, 4], suffix: "inside")), ("other", e.Round(c, [2, 4], 0.25)));
        var result = FakeLowering.Partition(e.Build(e.Round(y, [2, 4], 1)));

        string? Tag(string node) => result.Decisions.Single(decision => decision.NodeName == node).Tag;
        Assert.Equal(2, result.Partitions.Length);
        Assert.Equal(Tag("a"), Tag("a_q"));
        Assert.Equal(Tag("y"), Tag("a_q_inside"));
        Assert.NotEqual(Tag("y"), Tag("a_q"));
    }

    [Fact]
    public void Equal_methods_give_equal_payloads_and_what_is_written_is_read_back()
    {
        FakeLowering Make()
        {
            var e = new EdgeMethod();
            var x = e.Round(e.Input("x", 2, 4), [2, 4]);
            var y = e.Node("y", "aten::linear", [2, 2], ("input", x), ("weight", e.PerChannel("w", SomeCodes(8), [2, 4], [0.5f, 0.25f])), ("bias", e.Parameter("b", [1f, 2], 2)));
            return FakeLowering.Lower(e.Build(e.Round(y, [2, 2])));
        }

        var (first, second) = (Make(), Make());
        Assert.Equal(first.Payload, second.Payload);
        Assert.Equal(first.NamedData().Keys, second.NamedData().Keys);
        var again = PayloadReader.Read(PayloadEncoder.Write(first.Graph));
        Assert.Equal(first.Graph.Values.Select(Plain), again.Values.Select(Plain));
        Assert.Equal(first.Graph.Nodes.Select(node => (node.Kind, node.Minimum, node.Maximum)), again.Nodes.Select(node => (node.Kind, node.Minimum, node.Maximum)));

        // Lists are equal by reference: those of the payload are empty.
        static PayloadValue Plain(PayloadValue value) => value.Quantization is PayloadQuantization.PerChannel p
            ? value with { Quantization = p with { Scales = p.Scales is [] ? null : throw new InvalidOperationException("scales in the payload itself") } } : value;
    }

    internal static PayloadValue Value(FakeLowering lowered, uint id) => lowered.Graph.Values.Single(value => value.Id == id);

    internal static byte[] Bytes(FakeLowering lowered, uint id) => lowered.NamedData()[lowered.Graph.Constants[(int)Value(lowered, id).ConstantIndex].Key!];

    internal static float[] Scales(FakeLowering lowered, uint id)
    {
        var quantization = (PayloadQuantization.PerChannel)Value(lowered, id).Quantization!;
        var key = lowered.Graph.Constants[(int)quantization.ScaleIndex].Key!;
        Assert.StartsWith("scale_", key, StringComparison.Ordinal);
        var scales = MemoryMarshal.Cast<byte, float>(lowered.NamedData()[key]).ToArray();
        Assert.Equal(quantization.ScaleCount, (uint)scales.Length);
        return scales;
    }
}
