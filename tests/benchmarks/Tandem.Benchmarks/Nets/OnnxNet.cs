using Tandem.Benchmarks.Onnx;

namespace Tandem.Benchmarks.Nets;

/// <summary>Writes a net as an ONNX model.</summary>
internal sealed class OnnxNet : NetWriter
{
    public const string InputName = "input";
    private readonly OnnxModel _model = new();
    private string? _zero;
    private string? _six;

    /// <summary>The name of the output.</summary>
    public string OutputName { get; private set; } = "";

    /// <summary>The model's file.</summary>
    public byte[] Write() => _model.Write();

    public override NetValue Input(params int[] sizes) => new Value(_model.Input(InputName, OnnxType.Float, sizes));

    public override NetValue Linear(NetValue x, NetTensor weight, NetTensor bias) =>
        Node("Gemm", [Name(x), Constant(weight), Constant(bias)], new OnnxAttribute("transB", 1));

    public override NetValue LinearInt4(NetValue x, Int4Weights weight)
    {
        var (outputs, inputs, blocks) = (weight.Float.Sizes[0], weight.Float.Sizes[1], weight.Float.Sizes[1] / Int4Weights.BlockSize);
        var bytes = new byte[weight.Values.Length / 2];
        for (var i = 0; i < bytes.Length; i++)
        {
            // The zero point is 8; the first of a pair is in the low half.
            bytes[i] = (byte)((weight.Values[2 * i] + 8) | ((weight.Values[(2 * i) + 1] + 8) << 4));
        }

        return new Value(_model.Node(
            "MatMulNBits", "com.microsoft", 1,
            [
                Name(x),
                _model.Constant<byte>(OnnxType.UInt8, bytes, outputs, blocks, Int4Weights.BlockSize / 2),
                _model.Constant<float>(OnnxType.Float, weight.Scales, outputs * blocks),
            ],
            new OnnxAttribute("K", inputs),
            new OnnxAttribute("N", outputs),
            new OnnxAttribute("bits", 4),
            new OnnxAttribute("block_size", Int4Weights.BlockSize),
            new OnnxAttribute("accuracy_level", 4))[0]);
    }

    public override NetValue Conv2d(NetValue x, NetTensor weight, NetTensor bias, int stride, int padding, int groups) =>
        Convolution(x, Constant(weight), Constant(bias), weight.Sizes, stride, padding, groups);

    public override NetValue Relu(NetValue x) => Node("Relu", [Name(x)]);

    public override NetValue Relu6(NetValue x) =>
        Node("Clip", [Name(x), _zero ??= _model.Constant<float>(OnnxType.Float, [0]), _six ??= _model.Constant<float>(OnnxType.Float, [6])]);

    public override NetValue Add(NetValue x, NetValue y) => Node("Add", [Name(x), Name(y)]);

    public override NetValue AverageOverImage(NetValue x) => Node("GlobalAveragePool", [Name(x)]);

    public override NetValue Flatten(NetValue x, int features) => Node("Flatten", [Name(x)], new OnnxAttribute("axis", 1));

    // Unsigned activations by signed weights are what its kernels are fastest with.
    public override NetValue Round(NetValue x, Int8Range range)
    {
        var scale = _model.Constant<float>(OnnxType.Float, [range.Scale]);
        var zeroPoint = _model.Constant<byte>(OnnxType.UInt8, [(byte)(range.ZeroPoint - sbyte.MinValue)]);
        return Node("DequantizeLinear", [_model.Node("QuantizeLinear", [Name(x), scale, zeroPoint]), scale, zeroPoint]);
    }

    public override NetValue LinearInt8(NetValue x, Int8Weights weight, NetTensor bias, float inputScale)
    {
        var (w, b) = Dequantised(weight, bias, inputScale);
        return Node("Gemm", [Name(x), w, b], new OnnxAttribute("transB", 1));
    }

    public override NetValue Conv2dInt8(NetValue x, Int8Weights weight, NetTensor bias, float inputScale, int stride, int padding, int groups)
    {
        var (w, b) = Dequantised(weight, bias, inputScale);
        return Convolution(x, w, b, weight.Sizes, stride, padding, groups);
    }

    public override void Output(NetValue x, params int[] sizes) => _model.Output(OutputName = Name(x), OnnxType.Float, sizes);

    private static string Name(NetValue value) => ((Value)value).Name;

    private Value Convolution(NetValue x, string weight, string bias, int[] sizes, int stride, int padding, int groups) =>
        Node(
            "Conv", [Name(x), weight, bias],
            new OnnxAttribute("kernel_shape", [sizes[2], sizes[3]]),
            new OnnxAttribute("strides", [stride, stride]),
            new OnnxAttribute("pads", [padding, padding, padding, padding]),
            new OnnxAttribute("group", groups));

    private (string Weight, string Bias) Dequantised(Int8Weights weight, NetTensor bias, float inputScale)
    {
        var channels = weight.Scales.Length;
        var axis = new OnnxAttribute("axis", 0);
        var scales = Array.ConvertAll(weight.Scales, scale => scale * inputScale);
        var steps = scales.Select((scale, i) => (int)MathF.Round(bias.Elements[i] / scale)).ToArray();
        return (
            _model.Node(
                "DequantizeLinear",
                [
                    _model.Constant<sbyte>(OnnxType.Int8, weight.Codes, weight.Sizes), _model.Constant<float>(OnnxType.Float, weight.Scales, channels),
                    _model.Constant<sbyte>(OnnxType.Int8, new sbyte[channels], channels),
                ],
                axis),
            _model.Node(
                "DequantizeLinear",
                [
                    _model.Constant<int>(OnnxType.Int32, steps, channels), _model.Constant<float>(OnnxType.Float, scales, channels),
                    _model.Constant<int>(OnnxType.Int32, new int[channels], channels),
                ],
                axis));
    }

    private string Constant(NetTensor tensor) => _model.Constant<float>(OnnxType.Float, tensor.Elements, tensor.Sizes);

    private Value Node(string kind, ReadOnlySpan<string> inputs, params ReadOnlySpan<OnnxAttribute> attributes) => new(_model.Node(kind, inputs, attributes));

    private sealed class Value(string name) : NetValue
    {
        public string Name { get; } = name;
    }
}
