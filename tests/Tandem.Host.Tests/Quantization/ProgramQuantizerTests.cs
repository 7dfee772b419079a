using System.Runtime.InteropServices;
using Tandem.Host.Building;
using Tandem.Host.Lowering;
using Tandem.Host.Quantization;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Quantization;

public sealed class ProgramQuantizerTests
{
    [Fact]
    public void A_linear_layer_becomes_the_nodes_that_torchao_writes()
    {
        var builder = new ExportedProgramBuilder();
        var weight = builder.Parameter<float>("fc.weight", Values(16 * 64), [16, 64]);
        var bias = builder.Parameter<float>("fc.bias", Values(16), [16]);
        builder.Method("forward", method => method.Output(method.Input("x", ScalarType.Float, 1, builder.Dim("t", 1, 8), 64).Linear(weight, bias).Relu()));

        var result = ProgramQuantizer.Quantize(builder.Build());
        var method = result.Program.GetMethod("forward");
        Assert.Equal(["p_fc_weight_qdata", "p_fc_weight_scale", "p_fc_weight_zero_point", "p_fc_bias", "x"], method.Graph.Inputs.Select(input => input.Name));
        Assert.Equal(["fc.weight.qdata", "fc.weight.scale", "fc.weight.zero_point", "fc.bias", null], method.Signature.Inputs.Select(input => input.QualifiedName));
        Assert.Equal(["int8 [16, 64]", "float32 [16, 2]", "int8 [16, 2]"], method.Graph.Inputs.Take(3).Select(input => input.Tensor!.ToString()));
        var text = ExportedProgramText.Write(method);
        Assert.Equal(["torchao::choose_qparams_affine", "torchao::quantize_affine", "torchao::dequantize_affine", "torchao::dequantize_affine", "aten::linear", "aten::relu"],
            method.Graph.Nodes.Select(node => node.FullName));
        var (choose, weights, linear) = (method.Graph.Nodes[0], method.Graph.Nodes[3], method.Graph.Nodes[4]);
        Assert.Equal(["input", "mapping_type", "block_size", "target_dtype", "quant_min", "quant_max", "eps", "scale_dtype", "zero_point_dtype"], choose.Arguments.Select(argument => argument.Name));
        Assert.Equal(Integers(1, 1, 64), choose.Find("block_size"));
        Assert.Equal(["float32 [1, t[1..8]]", "int8 [1, t[1..8]]"], choose.Outputs.Select(output => output.Tensor!.ToString()));
        Assert.Equal(Integers(1, 32), weights.Find("block_size"));
        Assert.Equal((new GraphArgument.Int(-8), new GraphArgument.Int(7)), ((GraphArgument.Int, GraphArgument.Int))(weights.Find("quant_min")!, weights.Find("quant_max")!));
        Assert.Equal(new GraphArgument.Reference("p_fc_bias"), linear.Find("bias"));
        Assert.Equal(6, method.Graph.Nodes.Select(node => node.DebugHandle).Distinct().Count());

        var layer = Assert.Single(result.Report.Layers);
        Assert.Equal(("fc", 16, 64, 32, 1), (layer.Name, layer.Outputs, layer.Inputs, layer.GroupSize, layer.Uses));
        Assert.Equal((16 * 64 * 4, (16 * 64 / 2) + (32 * 2)), (layer.BytesBefore, layer.BytesAfter));
        Assert.InRange(layer.Error.SignalToNoise, layer.WithoutClipping.SignalToNoise, 40);
        Assert.Contains("torchao", text);
    }

    [Fact]
    public void A_weight_of_several_nodes_and_methods_is_quantised_once()
    {
        var builder = new ExportedProgramBuilder();
        var weight = builder.Parameter<float>("w.weight", Values(32 * 32), [32, 32]);
        builder.Method("one", method => method.Output(method.Input("x", ScalarType.Float, 1, 32).Linear(weight).Linear(weight)));
        builder.Method("two", method => method.Output(method.Input("x", ScalarType.Float, 4, 32).Linear(weight)));

        var result = ProgramQuantizer.Quantize(builder.Build());
        Assert.Equal(3, Assert.Single(result.Report.Layers).Uses);
        var tensors = result.Program.Methods.Select(method => method.Signature.Inputs.First(input => input.QualifiedName == "w.weight.qdata").Tensor!.Storage).ToList();
        Assert.Same(tensors[0], tensors[1]);
        Assert.Equal(10, result.Program.GetMethod("one").Graph.Nodes.Length);
        Assert.Equal(4, result.Program.GetMethod("one").Graph.Inputs.Length);
    }

    [Fact]
    public void An_embedding_stays_float_and_a_tied_layer_is_told()
    {
        var builder = new ExportedProgramBuilder();
        var table = builder.Parameter<float>("tok.weight", Values(64 * 32), [64, 32]);
        builder.Method("forward", method => method.Output(method.Input("ids", ScalarType.Long, 1, 3).Embedding(table).Linear(table)));

        var result = ProgramQuantizer.Quantize(builder.Build());
        var method = result.Program.GetMethod("forward");
        Assert.Equal(["tok.weight", "tok.weight_quantized.qdata", "tok.weight_quantized.scale", "tok.weight_quantized.zero_point", null], method.Signature.Inputs.Select(input => input.QualifiedName));
        Assert.Equal("also read by aten::embedding", Assert.Single(result.Report.Layers).FloatStays);
    }

    [Fact]
    public void Products_with_a_constant_matrix_are_layers_and_products_of_activations_are_not()
    {
        var builder = new ExportedProgramBuilder();
        var stored = Values(64 * 32);
        var matrix = builder.Parameter<float>("mm", stored, [64, 32]);
        var rows = builder.Parameter<float>("rows.weight", Values(16 * 32), [16, 32]);
        var bias = builder.Parameter<float>("bias", Values(16), [16]);
        builder.Method("forward", method =>
        {
            var x = method.Input("x", ScalarType.Float, 2, 64);
            var y = x.MatMul(matrix);
            var z = method.Call("aten::addmm", [bias, y, method.Call("aten::t", [rows])[0]])[0];
            method.Output(z, z.Call("aten::mm", [z.Call("aten::t", [])]));
        });

        var program = builder.Build();
        var result = ProgramQuantizer.Quantize(program, new QuantizationOptions { Scheme = QuantizationScheme.Int8DynamicActivationInt8Weight });
        var nodes = result.Program.GetMethod("forward").Graph.Nodes;
        Assert.Equal(2, nodes.Count(node => node.FullName == "aten::linear"));
        Assert.Single(nodes, node => node.FullName == "aten::mm");
        Assert.Single(nodes, node => node.FullName == "aten::t");
        Assert.Equal(["mm", "rows"], result.Report.Layers.Select(layer => layer.Name));
        Assert.Equal(new GraphArgument.Reference("p_bias"), nodes.Last(node => node.FullName == "aten::linear").Find("bias"));

        // The columns of a stored matrix are the rows of the layer.
        var inputs = result.Program.GetMethod("forward").Signature.Inputs;
        var integers = Bytes(inputs.First(input => input.QualifiedName == "mm.qdata"));
        var scales = MemoryMarshal.Cast<byte, float>(Bytes(inputs.First(input => input.QualifiedName == "mm.scale")));
        for (var output = 0; output < 32; output++)
        {
            for (var input = 0; input < 64; input++)
            {
                Assert.InRange(((sbyte)integers[(output * 64) + input] * scales[output]) - stored[(input * 32) + output], -0.02, 0.02);
            }
        }
    }

    [Fact]
    public void What_cannot_be_quantised_stays_and_the_report_says_why()
    {
        var builder = new ExportedProgramBuilder();
        var odd = builder.Parameter<float>("odd.weight", Values(8 * 40), [8, 40]);
        var half = builder.Parameter<Half>("half.weight", new Half[8 * 32], [8, 32]);
        var fine = builder.Parameter<float>("fine.weight", Values(8 * 32), [8, 32]);
        builder.Method("forward", method =>
        {
            var x = method.Input("x", ScalarType.Float, 2, 32);
            method.Output(method.Input("y", ScalarType.Float, 2, 40).Linear(odd), method.Input("h", ScalarType.Half, 2, 32).Linear(half), x.Linear(fine), x.Linear(method.Input("w", ScalarType.Float, 4, 32)));
        });
        var program = builder.Build();

        var report = ProgramQuantizer.Quantize(program).Report;
        Assert.Equal(["fine"], report.Layers.Select(layer => layer.Name));
        Assert.Contains(report.FloatLayers, layer => layer is { Name: "odd", Reason: "its 40 inputs are no multiple of 32" });
        Assert.Contains(report.FloatLayers, layer => layer is { Name: "half", Reason: "its weight is float16; only float32 is quantised" });
        Assert.Contains(report.FloatLayers, layer => layer.Reason == "its weight is no constant");

        var whole = ProgramQuantizer.Quantize(program, new QuantizationOptions { IndivisibleGroups = IndivisibleGroups.PerChannel, Exclude = ["fine"] }).Report;
        Assert.Equal(("odd", QuantizationScheme.Int8DynamicActivationInt8Weight, 0), (whole.Layers[0].Name, whole.Layers[0].Scheme, whole.Layers[0].GroupSize));
        Assert.Contains(whole.FloatLayers, layer => layer is { Name: "fine", Reason: "excluded by 'fine'" });
        Assert.Equal("it is quantised already", Assert.Single(ProgramQuantizer.Quantize(ProgramQuantizer.Quantize(program).Program).Report.FloatLayers,
            layer => layer.Reason.StartsWith("it is", StringComparison.Ordinal)).Reason);
    }

    [Fact]
    public void Rules_and_patterns_choose_layers()
    {
        var builder = new ExportedProgramBuilder();
        var weights = Enumerable.Range(0, 3).Select(i => builder.Parameter<float>($"layers.{i}.fc.weight", Values(128 * 128), [128, 128])).ToList();
        builder.Method("forward", method => method.Output(weights.Aggregate(method.Input("x", ScalarType.Float, 2, 128), (x, weight) => x.Linear(weight))));
        var program = builder.Build();

        var report = ProgramQuantizer.Quantize(program, new QuantizationOptions
        {
            Include = ["layers.0.*", "layers.1.fc"],
            GroupSize = 64,
            Rules = [QuantizationRule.Parse("layers.1.*=8da8w"), QuantizationRule.Parse("fc=8da4w:channel")],
        }).Report;
        Assert.Equal([("layers.0.fc", 128), ("layers.1.fc", 0)], report.Layers.Select(layer => (layer.Name, layer.GroupSize)));
        Assert.Equal(QuantizationScheme.Int8DynamicActivationInt8Weight, report.Layers[1].Scheme);
        Assert.Equal("no pattern includes it", Assert.Single(report.FloatLayers).Reason);

        var error = Assert.Throws<TandemException>(() => ProgramQuantizer.Quantize(program, new QuantizationOptions { Exclude = ["attention"] }));
        Assert.Equal((ErrorCode.ArgumentInvalid, "'attention'"), (error.Code, error.Details.Found));
        Assert.Equal(ErrorCode.ArgumentInvalid, Assert.Throws<TandemException>(() => ProgramQuantizer.Quantize(program, new QuantizationOptions { GroupSize = 48 })).Code);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    [ProducesError(ErrorCode.WeightNotFinite)]
    public void A_weight_that_is_not_finite_is_refused_by_name(float value)
    {
        var values = Values(16 * 64);
        values[(5 * 64) + 7] = value;
        var builder = new ExportedProgramBuilder();
        var weight = builder.Parameter<float>("block.fc.weight", values, [16, 64]);
        builder.Method("forward", method => method.Output(method.Input("x", ScalarType.Float, 1, 64).Linear(weight)));
        var error = Assert.Throws<TandemException>(() => ProgramQuantizer.Quantize(builder.Build()));
        Assert.Equal((ErrorCode.WeightNotFinite, "layer 'block.fc', row 5, column 7"), (error.Code, error.Details.Location));
    }

    [Fact]
    public void Rows_of_zeros_are_exact_and_threads_change_nothing()
    {
        var values = Values(300 * 1024);
        values.AsSpan(1024, 2048).Clear();
        var builder = new ExportedProgramBuilder();
        var weight = builder.Parameter<float>("fc.weight", values, [300, 1024]);
        builder.Method("forward", method => method.Output(method.Input("x", ScalarType.Float, 1, 1024).Linear(weight)));
        var program = builder.Build();
        var (one, many) = (ProgramQuantizer.Quantize(program, new QuantizationOptions { Threads = 1 }), ProgramQuantizer.Quantize(program));
        foreach (var name in (string[])["fc.weight.qdata", "fc.weight.scale"])
        {
            Assert.Equal(Bytes(Input(one, name)), Bytes(Input(many, name)));
        }

        Assert.Equal(one.Report.Layers[0].Error, many.Report.Layers[0].Error);
        Assert.All(Bytes(Input(many, "fc.weight.qdata")).AsSpan(1024, 2048).ToArray(), value => Assert.Equal(0, value));
        Assert.All(MemoryMarshal.Cast<byte, float>(Bytes(Input(many, "fc.weight.scale")).AsSpan(32 * 4, 64 * 4)).ToArray(), scale => Assert.Equal(1, scale));

        static GraphInputSpec Input(QuantizationResult result, string name) => result.Program.Methods[0].Signature.Inputs.First(input => input.QualifiedName == name);
    }

    [Fact]
    public void The_reported_error_is_that_of_the_tensors_in_the_program()
    {
        var values = Values(24 * 96);
        var builder = new ExportedProgramBuilder();
        var weight = builder.Parameter<float>("fc.weight", values, [24, 96]);
        builder.Method("forward", method => method.Output(method.Input("x", ScalarType.Float, 1, 96).Linear(weight)));
        var result = ProgramQuantizer.Quantize(builder.Build());
        var inputs = result.Program.Methods[0].Signature.Inputs;
        var (integers, scales) = (Bytes(inputs[0]), MemoryMarshal.Cast<byte, float>(Bytes(inputs[1])).ToArray());
        Assert.All(scales, scale => Assert.Equal(scale, (float)(BFloat16)scale));
        double errors = 0, squares = 0, greatest = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var error = values[i] - ((double)(sbyte)integers[i] * scales[i / 32]);
            errors += error * error;
            squares += (double)values[i] * values[i];
            greatest = Math.Max(greatest, Math.Abs(error));
        }

        Assert.Equal(Math.Sqrt(errors / squares), result.Report.Layers[0].Error.RelativeRms, 1e-9);
        Assert.Equal(greatest, result.Report.Layers[0].Error.MaxAbsolute, 1e-9);
    }

    private static float[] Values(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() - 0.5) * random.NextDouble()))];
    }

    private static byte[] Bytes(GraphInputSpec input)
    {
        var bytes = new byte[input.Tensor!.Storage.Length];
        input.Tensor.Storage.Read(0, bytes);
        return bytes;
    }

    private static GraphArgument.List Integers(params long[] values) => new([.. values.Select(value => new GraphArgument.Int(value))]);
}
