using Tandem.Host;
using Tandem.Host.Building;
using Tandem.Host.Lowering;
using Tandem.Host.Quantization;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.WarmUp.Generator;

/// <summary>
/// The program that the host loads and executes to warm up: as small as can be, with what real programs have. Methods prefill and decode are a language
/// model with 4-bit weights over one key/value cache; image is a float net of convolutions.
/// </summary>
internal sealed class WarmUpProgram
{
    /// <summary>Its file in the plugin's folder.</summary>
    public const string FileName = "warm-up.pte";

    private const int Width = 64;
    private const int Heads = 2;
    private const int HeadWidth = Width / Heads;
    private const int Hidden = 96;
    private const int Vocabulary = 64;
    private const int Context = 16;
    private const int Channels = 16;

    private readonly ExportedProgramBuilder _builder = new();
    private readonly Random _random = new(1);

    private WarmUpProgram()
    {
    }

    /// <summary>Writes the file; the same bytes each time.</summary>
    /// <param name="runtime">A runtime that finds the plugin.</param>
    /// <param name="path">Where to.</param>
    public static void Write(TandemRuntime runtime, string path)
    {
        var program = new WarmUpProgram().Build();
        var quantized = ProgramQuantizer.Quantize(program, new QuantizationOptions { Exclude = { "image.*" }, Clipping = WeightClipping.None }).Program;
        new ProgramLowering(runtime, new LoweringOptions { Backends = { Order = ["tandem.cpu"] } }).Lower(quantized, path);
    }

    private ExportedProgram Build()
    {
        var embedding = Weight("embedding.weight", Vocabulary, Width);
        var layer = new Layer(
            Weight("norm.weight", Width), Weight("wq.weight", Width, Width), Weight("wk.weight", Width, Width), Weight("wv.weight", Width, Width),
            Weight("wo.weight", Width, Width), Weight("w1.weight", Hidden, Width), Weight("w2.weight", Width, Hidden), Weight("w3.weight", Hidden, Width),
            Cache("k_cache"), Cache("v_cache"),
            Buffer("freqs_cos", Context, HeadWidth / 2), Buffer("freqs_sin", Context, HeadWidth / 2), Buffer("mask", Context, Context));
        _builder.Method("prefill", method => Forward(method, _builder.Dim("tokens", 2, Context), embedding, layer));
        _builder.Method("decode", method => Forward(method, 1, embedding, layer));
        var image = new Image(
            Weight("image.first.weight", Channels, 3, 3, 3), Weight("image.depthwise.weight", Channels, 1, 3, 3), Weight("image.pointwise.weight", Channels, Channels, 1, 1),
            Weight("image.bias", Channels), Weight("image.linear.weight", Channels, Channels));
        _builder.Method("image", method => Convolve(method, image));
        return _builder.Build();
    }

    private static void Forward(MethodBuilder method, SymbolicInt count, ModelTensor embedding, Layer layer)
    {
        var tokens = method.Input("tokens", ScalarType.Long, 1, count);
        var positions = method.Input("pos", ScalarType.Long, count);
        var x = tokens.Embedding(embedding);
        var (cos, sin, mask) = (method.Read(layer.Cos).Index(positions), method.Read(layer.Sin).Index(positions), method.Read(layer.Mask).Index(positions));
        var y = Norm(x);
        var query = Rotate(Heads(y.Linear(layer.Query)));
        var keys = method.Read(layer.KeyCache).IndexCopy(2, positions, Rotate(Heads(y.Linear(layer.Key))));
        var values = method.Read(layer.ValueCache).IndexCopy(2, positions, Heads(y.Linear(layer.Value)));
        method.Assign(layer.KeyCache, keys);
        method.Assign(layer.ValueCache, values);
        var scores = (query.MatMul(keys.Transpose(-1, -2)) * (1 / Math.Sqrt(HeadWidth))) + mask;
        x += scores.Softmax(-1).MatMul(values).Transpose(1, 2).Flatten(2).Linear(layer.Output);
        y = Norm(x);
        x += (y.Linear(layer.Gate).Silu() * y.Linear(layer.Up)).Linear(layer.Down);
        method.Output(Norm(x.Select(1, -1)).Linear(embedding));

        GraphTensor Norm(GraphTensor value) => value * (value.Pow(2).Mean([-1], true) + 1e-5).Rsqrt() * layer.Norm;

        GraphTensor Heads(GraphTensor value) => value.View([1, count, WarmUpProgram.Heads, HeadWidth]).Transpose(1, 2);

        GraphTensor Rotate(GraphTensor value)
        {
            var halves = value.Chunk(2, -1);
            return method.Cat([(halves[0] * cos) - (halves[1] * sin), (halves[1] * cos) + (halves[0] * sin)], -1);
        }
    }

    private static void Convolve(MethodBuilder method, Image image)
    {
        var x = method.Input("image", ScalarType.Float, 1, 3, 16, 16).Conv2d(image.First, image.Bias, 2, 1).HardTanh(0, 6);
        x += x.Conv2d(image.Depthwise, image.Bias, 1, 1, groups: Channels).HardTanh(0, 6).Conv2d(image.Pointwise, image.Bias, 1, 0);
        method.Output(x.AdaptiveAvgPool2d(1).Reshape([1, Channels]).Linear(image.Linear, image.Bias));
    }

    private ModelTensor Weight(string name, params int[] sizes) => _builder.Parameter<float>(name, Elements(sizes), sizes);

    private ModelTensor Buffer(string name, params int[] sizes) => _builder.Buffer<float>(name, Elements(sizes), sizes);

    private ModelTensor Cache(string name) => _builder.Buffer<float>(name, new float[Context * Width], [1, Heads, Context, HeadWidth]);

    private float[] Elements(int[] sizes)
    {
        var elements = new float[sizes.Aggregate(1, (product, size) => product * size)];
        foreach (ref var element in elements.AsSpan())
        {
            element = (_random.NextSingle() - 0.5f) / 4;
        }

        return elements;
    }

    private sealed record Layer(
        ModelTensor Norm, ModelTensor Query, ModelTensor Key, ModelTensor Value, ModelTensor Output, ModelTensor Gate, ModelTensor Down, ModelTensor Up,
        ModelTensor KeyCache, ModelTensor ValueCache, ModelTensor Cos, ModelTensor Sin, ModelTensor Mask);

    private sealed record Image(ModelTensor First, ModelTensor Depthwise, ModelTensor Pointwise, ModelTensor Bias, ModelTensor Linear);
}
