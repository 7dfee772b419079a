using Tandem.Host.Building;
using Tandem.Host.Quantization;
using Tandem.Sdk;

namespace Tandem.Benchmarks.Nets;

/// <summary>Writes a net as an exported program with one method, "forward".</summary>
internal sealed class ProgramNet : NetWriter
{
    public const string MethodName = "forward";
    private readonly ExportedProgramBuilder _builder = new();
    private MethodBuilder _method = null!;
    private bool _hasInt4;

    /// <summary>The program of a net.</summary>
    public static ExportedProgram Build(Action<NetWriter> net)
    {
        var writer = new ProgramNet();
        writer._builder.Method(MethodName, method =>
        {
            writer._method = method;
            net(writer);
        });
        var program = writer._builder.Build();
        return writer._hasInt4 ? ProgramQuantizer.Quantize(program, new QuantizationOptions { GroupSize = Int4Weights.BlockSize }).Program : program;
    }

    public override NetValue Input(params int[] sizes) => new Value(_method.Input("input", ScalarType.Float, [.. sizes.Select(size => (SymbolicInt)size)]));

    public override NetValue Linear(NetValue x, NetTensor weight, NetTensor bias) => new Value(Tensor(x).Linear(Parameter(weight), Parameter(bias)));

    // The quantiser turns it into what it stands for when the program is whole.
    public override NetValue LinearInt4(NetValue x, Int4Weights weight)
    {
        _hasInt4 = true;
        return new Value(Tensor(x).Linear(Parameter(weight.Float)));
    }

    public override NetValue Conv2d(NetValue x, NetTensor weight, NetTensor bias, int stride, int padding, int groups) =>
        new Value(Tensor(x).Conv2d(Parameter(weight), Parameter(bias), stride, padding, groups: groups));

    public override NetValue Relu(NetValue x) => new Value(Tensor(x).Relu());

    public override NetValue Relu6(NetValue x) => new Value(Tensor(x).HardTanh(0, 6));

    public override NetValue Add(NetValue x, NetValue y) => new Value(Tensor(x) + Tensor(y));

    public override NetValue AverageOverImage(NetValue x) => new Value(Tensor(x).AdaptiveAvgPool2d(1));

    public override NetValue Flatten(NetValue x, int features) => new Value(Tensor(x).Reshape([1, features]));

    // The patterns of PT2E.
    public override NetValue Round(NetValue x, Int8Range range)
    {
        OperatorArgument[] parameters = [range.Scale, range.ZeroPoint, sbyte.MinValue, sbyte.MaxValue, (ScalarType?)ScalarType.Char];
        var codes = _method.Call("quantized_decomposed::quantize_per_tensor", [Tensor(x), .. parameters])[0];
        return new Value(_method.Call("quantized_decomposed::dequantize_per_tensor", [codes, .. parameters])[0]);
    }

    public override NetValue LinearInt8(NetValue x, Int8Weights weight, NetTensor bias, float inputScale) =>
        new Value(Tensor(x).Linear(Dequantised(weight), Parameter(bias)));

    public override NetValue Conv2dInt8(NetValue x, Int8Weights weight, NetTensor bias, float inputScale, int stride, int padding, int groups) =>
        new Value(Tensor(x).Conv2d(Dequantised(weight), Parameter(bias), stride, padding, groups: groups));

    public override void Output(NetValue x, params int[] sizes) => _method.Output(Tensor(x));

    private static GraphTensor Tensor(NetValue value) => ((Value)value).Tensor;

    private ModelTensor Parameter(NetTensor tensor) => _builder.Parameter<float>(tensor.Name, tensor.Elements, tensor.Sizes);

    private GraphTensor Dequantised(Int8Weights weight) => _method.Call(
        "quantized_decomposed::dequantize_per_channel",
        [
            _builder.Parameter<sbyte>(weight.Name, weight.Codes, weight.Sizes),
            _builder.Buffer<float>($"{weight.Name}_scales", weight.Scales, [weight.Scales.Length]),
            _builder.Buffer<long>($"{weight.Name}_zero_points", new long[weight.Scales.Length], [weight.Scales.Length]),
            0, -127, 127, (ScalarType?)ScalarType.Char,
        ])[0];

    private sealed class Value(GraphTensor tensor) : NetValue
    {
        public GraphTensor Tensor { get; } = tensor;
    }
}
