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
        Node(
            "Conv", [Name(x), Constant(weight), Constant(bias)],
            new OnnxAttribute("kernel_shape", [weight.Sizes[2], weight.Sizes[3]]),
            new OnnxAttribute("strides", [stride, stride]),
            new OnnxAttribute("pads", [padding, padding, padding, padding]),
            new OnnxAttribute("group", groups));

    public override NetValue Relu(NetValue x) => Node("Relu", [Name(x)]);

    public override NetValue Relu6(NetValue x) =>
        Node("Clip", [Name(x), _zero ??= _model.Constant<float>(OnnxType.Float, [0]), _six ??= _model.Constant<float>(OnnxType.Float, [6])]);

    public override NetValue Add(NetValue x, NetValue y) => Node("Add", [Name(x), Name(y)]);

    public override NetValue AverageOverImage(NetValue x, int channels) =>
        new Value(_model.Node("Flatten", [_model.Node("GlobalAveragePool", [Name(x)])], new OnnxAttribute("axis", 1)));

    public override void Output(NetValue x, params int[] sizes) => _model.Output(OutputName = Name(x), OnnxType.Float, sizes);

    private static string Name(NetValue value) => ((Value)value).Name;

    private string Constant(NetTensor tensor) => _model.Constant<float>(OnnxType.Float, tensor.Elements, tensor.Sizes);

    private Value Node(string kind, ReadOnlySpan<string> inputs, params ReadOnlySpan<OnnxAttribute> attributes) => new(_model.Node(kind, inputs, attributes));

    private sealed class Value(string name) : NetValue
    {
        public string Name { get; } = name;
    }
}
