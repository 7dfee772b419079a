using Tandem.Benchmarks.Nets;
using Tandem.Host.Building;
using Tandem.Sdk;

namespace Tandem.Benchmarks.Llama;

/// <summary>
/// A llama with random weights: RMSNorm, rotary positions, SwiGLU, tied embedding; two methods over the same weights and the same key/value cache.
/// prefill(tokens [1, T], pos [T]) and decode(tokens [1, 1], pos [1]) give the logits [1, vocabulary] of the last token.
/// </summary>
internal sealed class LlamaProgram
{
    private const double Epsilon = 1e-5;
    private const double RotaryBase = 10000;
    private readonly LlamaShape _shape;
    private readonly ExportedProgramBuilder _builder = new();
    private readonly ModelTensor _embedding;
    private readonly ModelTensor _norm;
    private readonly ModelTensor _cos;
    private readonly ModelTensor _sin;
    private readonly ModelTensor _mask;
    private readonly Layer[] _layers;

    private LlamaProgram(LlamaShape shape)
    {
        _shape = shape;
        var weights = new RandomWeights(7);
        _embedding = Weight("tok_embeddings.weight", shape.Vocabulary, shape.Width);
        _norm = Ones("norm.weight");
        _layers = [.. Enumerable.Range(0, shape.Layers).Select(CreateLayer)];
        _cos = Table("freqs_cos", shape.HeadWidth / 2, (position, i) => (float)Math.Cos(Angle(position, i)));
        _sin = Table("freqs_sin", shape.HeadWidth / 2, (position, i) => (float)Math.Sin(Angle(position, i)));
        _mask = Table("mask", shape.Context, (position, i) => i <= position ? 0 : float.NegativeInfinity);

        Layer CreateLayer(int index)
        {
            var name = $"layers.{index}.";
            return new Layer(
                Ones($"{name}attention_norm.weight"),
                Weight($"{name}attention.wq.weight", shape.Width, shape.Width),
                Weight($"{name}attention.wk.weight", shape.Width, shape.Width),
                Weight($"{name}attention.wv.weight", shape.Width, shape.Width),
                Weight($"{name}attention.wo.weight", shape.Width, shape.Width),
                Ones($"{name}ffn_norm.weight"),
                Weight($"{name}feed_forward.w1.weight", shape.Hidden, shape.Width),
                Weight($"{name}feed_forward.w2.weight", shape.Width, shape.Hidden),
                Weight($"{name}feed_forward.w3.weight", shape.Hidden, shape.Width),
                Cache($"{name}attention.k_cache"),
                Cache($"{name}attention.v_cache"));
        }

        ModelTensor Weight(string name, int outputs, int inputs) =>
            _builder.Parameter<float>(name, weights.Next(1 / Math.Sqrt(inputs), outputs, inputs).Elements, [outputs, inputs]);

        ModelTensor Ones(string name)
        {
            var elements = new float[shape.Width];
            Array.Fill(elements, 1);
            return _builder.Parameter<float>(name, elements, [shape.Width]);
        }

        ModelTensor Cache(string name) => _builder.Buffer<float>(name, new float[shape.Context * shape.Width], [1, shape.Heads, shape.Context, shape.HeadWidth]);

        double Angle(int position, int i) => position / Math.Pow(RotaryBase, 2.0 * i / shape.HeadWidth);

        ModelTensor Table(string name, int columns, Func<int, int, float> element)
        {
            var elements = new float[shape.Context * columns];
            for (var i = 0; i < elements.Length; i++)
            {
                elements[i] = element(i / columns, i % columns);
            }

            return _builder.Buffer<float>(name, elements, [shape.Context, columns]);
        }
    }

    /// <summary>Builds the program.</summary>
    public static ExportedProgram Build(LlamaShape shape)
    {
        var program = new LlamaProgram(shape);
        var tokens = program._builder.Dim("tokens", 2, shape.Context);
        program._builder.Method("prefill", method => program.Forward(method, tokens));
        program._builder.Method("decode", method => program.Forward(method, 1));
        return program._builder.Build();
    }

    private void Forward(MethodBuilder method, SymbolicInt count)
    {
        var tokens = method.Input("tokens", ScalarType.Long, 1, count);
        var positions = method.Input("pos", ScalarType.Long, count);
        var x = tokens.Embedding(_embedding);
        var (cos, sin, mask) = (method.Read(_cos).Index(positions), method.Read(_sin).Index(positions), method.Read(_mask).Index(positions));
        foreach (var layer in _layers)
        {
            x += Attention(method, layer, Norm(x, layer.AttentionNorm), count, positions, cos, sin, mask);
            var y = Norm(x, layer.FeedForwardNorm);
            x += (y.Linear(layer.Gate).Silu() * y.Linear(layer.Up)).Linear(layer.Down);
        }

        method.Output(Norm(x.Select(1, -1), _norm).Linear(_embedding));
    }

    private GraphTensor Attention(
        MethodBuilder method, Layer layer, GraphTensor x, SymbolicInt count, GraphTensor positions, GraphTensor cos, GraphTensor sin, GraphTensor mask)
    {
        var query = Rotate(method, Heads(x.Linear(layer.Query)), cos, sin);
        var keys = method.Read(layer.KeyCache).IndexCopy(2, positions, Rotate(method, Heads(x.Linear(layer.Key)), cos, sin));
        var values = method.Read(layer.ValueCache).IndexCopy(2, positions, Heads(x.Linear(layer.Value)));
        method.Assign(layer.KeyCache, keys);
        method.Assign(layer.ValueCache, values);
        var scores = (query.MatMul(keys.Transpose(-1, -2)) * (1 / Math.Sqrt(_shape.HeadWidth))) + mask;
        return scores.Softmax(-1).MatMul(values).Transpose(1, 2).Flatten(2).Linear(layer.Output);

        GraphTensor Heads(GraphTensor value) => value.View([1, count, _shape.Heads, _shape.HeadWidth]).Transpose(1, 2);
    }

    private static GraphTensor Norm(GraphTensor x, ModelTensor weight) => x * (x.Pow(2).Mean([-1], true) + Epsilon).Rsqrt() * weight;

    private static GraphTensor Rotate(MethodBuilder method, GraphTensor x, GraphTensor cos, GraphTensor sin)
    {
        var halves = x.Chunk(2, -1);
        return method.Cat([(halves[0] * cos) - (halves[1] * sin), (halves[1] * cos) + (halves[0] * sin)], -1);
    }

    private sealed record Layer(
        ModelTensor AttentionNorm, ModelTensor Query, ModelTensor Key, ModelTensor Value, ModelTensor Output, ModelTensor FeedForwardNorm, ModelTensor Gate,
        ModelTensor Down, ModelTensor Up, ModelTensor KeyCache, ModelTensor ValueCache);
}
