// Builds a net in C#, without PyTorch: two methods over the same weights. "embed" turns a feature vector into a unit vector; "compare" says how alike
// two feature vectors are. Then lowers both for the CPU plugin, runs them, and shows that each weight is there once.
using Tandem.Host;
using Tandem.Host.Building;
using Tandem.Host.Lowering;
using Tandem.Sdk;

const int Features = 64, Hidden = 128, Width = 32;
var builder = new ExportedProgramBuilder();

// Weights come from arrays, spans, Tensor<T> or .safetensors files; here they are random numbers, the same at every run.
var random = new Random(1);
float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() - 0.5f) / 4)];
var firstWeight = builder.Parameter<float>("first.weight", Numbers(Hidden * Features), [Hidden, Features]);
var firstBias = builder.Parameter<float>("first.bias", Numbers(Hidden), [Hidden]);
var secondWeight = builder.Parameter<float>("second.weight", Numbers(Width * Hidden), [Width, Hidden]);

// A part of the net that both methods use. Every operator checks its shapes here and now.
GraphTensor Embed(GraphTensor features)
{
    var hidden = features.Linear(firstWeight, firstBias).Gelu();
    var vector = hidden.Linear(secondWeight);
    return vector / vector.Square().Sum([-1], keepDim: true).Sqrt();
}

var batch = builder.Dim("batch", 1, 16);
builder.Method("embed", method => method.Output(Embed(method.Input("features", ScalarType.Float, batch, Features))));
builder.Method("compare", method =>
{
    var left = Embed(method.Input("left", ScalarType.Float, 1, Features));
    var right = Embed(method.Input("right", ScalarType.Float, 1, Features));
    method.Output((left * right).Sum([-1]));
});

// Lower: the CPU plugin takes what it can, the host's operators take the rest.
var folder = AppContext.BaseDirectory;
using var runtime = new TandemRuntime(new TandemOptions { PluginFolders = [Path.Combine(folder, "plugins")] });
var options = new LoweringOptions { Backends = { Order = ["tandem.cpu"] } };
var report = new ProgramLowering(runtime, options).Lower(builder.Build(), Path.Combine(folder, "vectors.pte"));
var weightBytes = (Hidden * Features + Hidden + Width * Hidden) * sizeof(float);
Console.WriteLine($"vectors.pte: {report.Files[0].ByteCount} bytes, for {weightBytes} bytes of weights; without sharing {report.Sizes.UnsharedBytes} bytes of data");

// Run.
using var program = runtime.LoadProgram(report.Files[0].Path);
using var session = program.CreateSession();
float[] cat = Numbers(Features), dog = Numbers(Features);

var embed = session.GetMethod("embed");
embed.SetInput<float>(0, [.. cat, .. dog], [2, Features]);
embed.Execute();
var vectors = embed.GetOutput(0).AsReadOnlySpan<float>();
var product = System.Numerics.Tensors.TensorPrimitives.Dot(vectors[..Width], vectors[Width..]);

var compare = session.GetMethod("compare");
compare.SetInput<float>(0, cat, [1, Features]);
compare.SetInput<float>(1, dog, [1, Features]);
compare.Execute();
var likeness = compare.GetOutput(0).AsReadOnlySpan<float>()[0];
Console.WriteLine($"likeness by \"embed\" {product:F4}, by \"compare\" {likeness:F4}");

// Each blob of weights was asked for by both methods and loaded once.
foreach (var use in program.NamedDataUses.Where(use => use.Requests > 0))
{
    Console.WriteLine($"{use.Length,6} bytes: {use.Requests} requests, {use.PhysicalLoads} load");
}
