using System.Text;
using Tandem.Host.Lowering;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Lowering;

/// <summary>Two plugins in folders of their own, found by their manifests, lower and run a program.</summary>
public sealed class PluginLoweringTests : IDisposable
{
    private const string ContextKey = "test.all/context";
    private static readonly float[] First = [1, 2, 3, 4];
    private static readonly float[] Second = [-1, 0, 0, -1];
    private readonly TemporaryFolder _folder = new();
    private readonly TandemRuntime _runtime = new(new TandemOptions { Threads = 1, PluginFolders = [System.IO.Path.Combine(AppContext.BaseDirectory, "test-plugins")] });

    [Fact]
    public void I6_I9_G2_unequal_methods_lower_through_both_forms_and_run_through_the_plugin_road()
    {
        var steps = new List<string>();
        var report = Lower(["test.all", "test.one"], steps);
        Assert.Equal([5, 2], report.Record.Methods.Select(method => method.Partitions.Count));
        Assert.Equal(["AllPartitionsBackend", "OnePartitionBackend"], steps.Where(step => step.StartsWith("Preprocess", StringComparison.Ordinal)).Select(step => step["Preprocess ".Length..]));
        var firstPayload = steps.FindIndex(step => step.StartsWith("Preprocess", StringComparison.Ordinal));
        Assert.True(steps.FindLastIndex(step => step.StartsWith("Partition", StringComparison.Ordinal)) < firstPayload);

        using var program = _runtime.LoadProgram(Path);
        Assert.Equal(Expected("prefill"), Run(program, "prefill"));
        Assert.Equal(Expected("decode"), Run(program, "decode"));
    }

    [Fact]
    public void G5_I2_one_context_is_stored_once_and_loaded_once_for_all_methods_and_sessions()
    {
        var report = Lower(["test.all", "test.one"]);
        // Two distinct weights, although three layers in two methods use them.
        Assert.Equal(32, report.Sizes.WeightBytes);
        using var program = _runtime.LoadProgram(Path);
        using var one = program.CreateSession();
        using var two = program.CreateSession();
        foreach (var session in new[] { one, two })
        {
            _ = session.GetMethod("prefill");
            _ = session.GetMethod("decode");
        }

        var use = program.NamedDataUses.Single(use => use.Key == ContextKey);
        // Four delegates in each session.
        Assert.Equal((8, 1), (use.Requests, use.PhysicalLoads));
    }

    [Fact]
    public void I7_R3_a_backend_of_the_one_partition_form_writes_the_same_bytes_whatever_shares_beside_it()
    {
        Lower(["test.one"]);
        var alone = Payloads("OnePartitionBackend");
        Assert.Equal(["decode 0: relu = aten::relu", "prefill 0: relu = aten::relu", "prefill 1: relu_1 = aten::relu"], alone);
        Lower(["test.all", "test.one"]);
        Assert.Equal(alone, Payloads("OnePartitionBackend"));
    }

    [Fact]
    public void An_operator_that_a_backend_wanted_whole_and_then_refused_runs_on_the_host()
    {
        var method = new GraphSketch("forward").Input("x").Parameter("w", First).Vector("b", 1, 2).Node(Linear("linear", "x", "w", "b")).Output("linear").Build();
        var report = new ProgramLowering(_runtime, Options("test.all")).Lower(new ExportedProgram([method]), Path);
        Assert.Empty(report.Record.Methods[0].Partitions);
        using var program = _runtime.LoadProgram(Path);
        Assert.Equal([2, 5, 3, 6], Run(program, "forward"));
    }

    [Fact]
    public void A_plugin_that_lowers_is_not_unloaded_before_it_is_done_and_unloads_afterwards()
    {
        Lower(["test.all"]);
        Assert.All(_runtime.UnloadPlugin("test.all", TimeSpan.FromSeconds(20)), result => Assert.True(result.IsUnloaded, result.Reason));
    }

    private string Path => System.IO.Path.Combine(_folder.Path, "model.pte");

    public void Dispose()
    {
        _runtime.Dispose();
        _folder.Dispose();
    }

    private List<string> Payloads(string backendId)
    {
        using var program = _runtime.LoadProgram(Path);
        return [.. program.Model.Plans.SelectMany(plan => plan.Delegates.Where(item => item.BackendId == backendId).Select((item, i) =>
        {
            using var payload = program.OpenPayload(item);
            return $"{plan.Name} {i}: {Encoding.UTF8.GetString(payload.Span)}";
        }))];
    }

    private static LoweringOptions Options(params string[] order) => new() { Backends = { Order = [.. order] } };

    private LoweringReport Lower(string[] order, List<string>? steps = null) =>
        new ProgramLowering(_runtime, Options(order)).Lower(Program(), Path, steps is null ? null : new Listener(steps));

    private static ExportedProgram Program() => new(
    [
        new GraphSketch("prefill").Input("x").Parameter("w", First).Parameter("v", Second)
            .Node(Linear("linear", "x", "w")).Node("relu", "aten::relu", "linear").Node(Linear("linear_1", "relu", "v")).Node("relu_1", "aten::relu", "linear_1")
            .Node(Linear("linear_2", "relu_1", "w")).Output("linear_2").Build(),
        new GraphSketch("decode").Input("x").Parameter("w", First).Node(Linear("linear", "x", "w")).Node("relu", "aten::relu", "linear").Output("relu").Build(),
    ]);

    private static GraphNode Linear(string name, string input, string weight, string? bias = null)
    {
        var node = new GraphNode(name, "aten::linear", "",
            [new GraphNamedArgument("input", new GraphArgument.Reference(input)), new GraphNamedArgument("weight", new GraphArgument.Reference(weight))], [GraphSketch.Value(name)]);
        return bias is null ? node : node with { Arguments = node.Arguments.Add(new GraphNamedArgument("bias", new GraphArgument.Reference(bias))) };
    }

    private static float[] Expected(string method)
    {
        float[] x = [1, 0, 0, 1];
        var y = Relu(Multiply(x, First));
        return method == "decode" ? y : Multiply(Relu(Multiply(y, Second)), First);
    }

    private static float[] Relu(float[] x) => [.. x.Select(value => MathF.Max(value, 0))];

    private static float[] Multiply(float[] x, float[] w) => [.. Enumerable.Range(0, 4).Select(i => x[i / 2 * 2] * w[i % 2 * 2] + x[i / 2 * 2 + 1] * w[i % 2 * 2 + 1])];

    private static float[] Run(Tandem.Host.Execution.Program program, string name)
    {
        using var session = program.CreateSession();
        var method = session.GetMethod(name);
        method.SetInput<float>(0, [1, 0, 0, 1], [2, 2]);
        method.Execute();
        return method.GetOutput(0).AsReadOnlySpan<float>().ToArray();
    }

    private sealed class Listener(List<string> steps) : IProgress<LoweringProgress>
    {
        public void Report(LoweringProgress value) => steps.Add(value.ToString());
    }
}
