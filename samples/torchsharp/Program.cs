// Trains a small image classifier with TorchSharp, takes its state into Tandem's graph builder, lowers it, runs it, and compares with libtorch's outputs.
using Tandem.Host;
using Tandem.Host.Building;
using Tandem.Host.Lowering;
using Tandem.Sdk;
using TorchSharp;
using ScalarType = Tandem.Sdk.ScalarType;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

const int Side = 12, Classes = 3;
torch.random.manual_seed(7);
torch.set_num_threads(1);

// The module: does an image show horizontal bars, vertical bars or neither?
var net = Sequential(
    ("conv1", Conv2d(1, 8, 3, padding: 1)),
    ("norm1", BatchNorm2d(8)),
    ("relu1", ReLU()),
    ("pool1", MaxPool2d(2)),
    ("conv2", Conv2d(8, 16, 3, padding: 1)),
    ("relu2", ReLU()),
    ("pool2", AdaptiveAvgPool2d(1)),
    ("flatten", Flatten()),
    ("fc", Linear(16, Classes)));

// Train.
var optimizer = torch.optim.Adam(net.parameters(), lr: 0.01);
net.train();
for (var step = 0; step < 150; step++)
{
    using var scope = torch.NewDisposeScope();
    var (images, labels) = Images(64);
    var loss = functional.cross_entropy(net.forward(images), labels);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    if (step % 50 == 49)
    {
        Console.WriteLine($"step {step + 1}: loss {loss.item<float>():F4}");
    }
}

net.eval();

// Build the same net from its state. Names are those of the state dict.
var builder = new ExportedProgramBuilder();
var state = net.state_dict().Where(entry => entry.Value.dtype == torch.float32).ToDictionary(entry => entry.Key, entry => builder.Parameter<float>(
    entry.Key, entry.Value.detach().contiguous().data<float>().ToArray(), [.. entry.Value.shape.Select(size => (int)size)]));
builder.Method("forward", method =>
{
    var images = method.Input("images", ScalarType.Float, builder.Dim("batch", 1, 64), 1, Side, Side);
    method.Output(images
        .Conv2d(state["conv1.weight"], state["conv1.bias"], padding: 1)
        .BatchNorm(state["norm1.weight"], state["norm1.bias"], state["norm1.running_mean"], state["norm1.running_var"])
        .Relu()
        .MaxPool2d(2)
        .Conv2d(state["conv2.weight"], state["conv2.bias"], padding: 1)
        .Relu()
        .AdaptiveAvgPool2d(1)
        .Flatten(1)
        .Linear(state["fc.weight"], state["fc.bias"]));
});

// Lower, and run both on images that the training has not seen.
var folder = AppContext.BaseDirectory;
using var runtime = new TandemRuntime(new TandemOptions { PluginFolders = [Path.Combine(folder, "plugins")] });
var options = new LoweringOptions { Backends = { Order = ["tandem.cpu"] } };
var report = new ProgramLowering(runtime, options).Lower(builder.Build(), Path.Combine(folder, "bars.pte"));
using var program = runtime.LoadProgram(report.Files[0].Path);
using var session = program.CreateSession();

using var noGradient = torch.no_grad();
var (test, expected) = Images(64);
var theirs = net.forward(test).data<float>().ToArray();
var forward = session.GetMethod("forward");
forward.SetInput<float>(0, test.data<float>().ToArray(), [64, 1, Side, Side]);
forward.Execute();
var ours = forward.GetOutput(0).AsReadOnlySpan<float>();

var difference = 0f;
var right = 0;
for (var image = 0; image < 64; image++)
{
    for (var i = 0; i < Classes; i++)
    {
        difference = Math.Max(difference, Math.Abs(ours[(image * Classes) + i] - theirs[(image * Classes) + i]));
    }

    right += System.Numerics.Tensors.TensorPrimitives.IndexOfMax(ours.Slice(image * Classes, Classes)) == expected[image].item<long>() ? 1 : 0;
}

Console.WriteLine($"bars.pte: {report.Files[0].ByteCount} bytes; {right} of 64 images right; greatest difference to libtorch {difference:E1}");
return difference < 1e-3f && right > 48 ? 0 : 1;

static (Tensor Images, Tensor Labels) Images(int count)
{
    var labels = torch.randint(0, Classes, [count]);
    var images = torch.randn([count, 1, Side, Side]) * 0.3;
    for (var i = 0; i < count; i++)
    {
        var start = torch.randint(0, 3, [1]).item<long>();
        var label = labels[i].item<long>();
        for (var at = start; at < Side && label < 2; at += 3)
        {
            var bar = label == 0 ? images[i, 0, at] : images[i, 0].transpose(0, 1)[at];
            bar.add_(1);
        }
    }

    return (images, labels);
}
