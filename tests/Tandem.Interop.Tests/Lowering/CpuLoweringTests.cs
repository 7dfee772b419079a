using System.Text.Json;
using Tandem.Host;
using Tandem.Host.Formats;
using Tandem.Host.Generation;
using Tandem.Host.Import;
using Tandem.Host.Lowering;
using Tandem.Host.Replay;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Interop.Tests.Lowering;

/// <summary>Every archive, lowered with the CPU plugin: eager PyTorch's outputs here, and never more partitions than ExecuTorch makes.</summary>
public sealed class CpuLoweringTests : IDisposable
{
    // Partitions over all methods. What ExecuTorch makes of the same archives is in case.json.
    private static readonly Dictionary<string, int> s_partitions = new(StringComparer.Ordinal)
    {
        ["convnet_static_int8"] = 1,
        ["convnet_static_int8_per_tensor"] = 1,
        ["mlp_8da8w"] = 1,
        ["mlp_dynamic_int8"] = 1,
        ["mlp_static_int8"] = 1,
        ["mlp_two_methods_8da4w"] = 2,
        ["mobilenet_like_static_int8"] = 1,
        ["resnet_like_static_int8"] = 1,
        ["transformer_dynamic_int8"] = 1,
        ["control_flow_cond"] = 2,
        ["control_flow_map"] = 0,
        ["convnet"] = 1,
        ["convnet_dynamic_batch"] = 1,
        ["convnet_fp16"] = 1,
        ["denoiser"] = 1,
        ["detector"] = 1,
        ["gru_bidirectional"] = 1,
        ["lstm"] = 1,
        ["many_ops"] = 1,
        ["mlp"] = 1,
        ["mlp_bf16"] = 0,
        ["mlp_fp16"] = 1,
        ["mlp_two_methods"] = 2,
        ["mobilenet_like"] = 1,
        ["pytree_io"] = 1,
        ["resnet_like"] = 1,
        ["running_mean_two_methods"] = 2,
        ["text_classifier"] = 2,
        ["three_methods"] = 3,
        ["tied_weights"] = 1,
        ["transformer_dynamic"] = 2,
        ["transformer_encoder"] = 1,
        ["unequal_partitions"] = 5,
        ["unet_like"] = 1,
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("tandem").FullName;
    private readonly TandemRuntime _runtime = CpuPlugin.CreateRuntime();

    public void Dispose()
    {
        _runtime.Dispose();
        Directory.Delete(_folder, true);
    }

    [Fact]
    public void Every_net_agrees_in_no_more_partitions_than_expected_and_never_more_than_ExecuTorch_makes()
    {
        var problems = new List<string>();
        foreach (var path in Directory.GetDirectories(SharedVectors.Path("models")).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(path);
            try
            {
                var report = Lower(path, name);
                var counts = report.Record.Methods.ToDictionary(method => method.Name, method => method.Partitions.Count);
                var expected = s_partitions[name];
                if (counts.Values.Sum() != expected)
                {
                    problems.Add($"{name}: {counts.Values.Sum()} partitions, not {expected}");
                }

                problems.AddRange(ExecuTorchCounts(path).Where(theirs => counts[theirs.Method] > theirs.Count)
                    .Select(theirs => $"{name}: {theirs.Method} has {counts[theirs.Method]} partitions, ExecuTorch {theirs.Count}"));
                problems.AddRange(Replay(path, name).Select(problem => $"{name}: {problem}"));
            }
            catch (TandemException error)
            {
                problems.Add($"{name}: {error.Message}");
            }
        }

        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }

    [Fact]
    public void Operators_that_are_taken_agree()
    {
        var problems = new List<string>();
        var delegated = 0;
        foreach (var path in Directory.GetDirectories(SharedVectors.Path("ops")).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(path);
            try
            {
                var report = Lower(path, name);
                if (report.Record.Methods.Any(method => method.Partitions.Count > 0))
                {
                    delegated++;
                    problems.AddRange(Replay(path, name).Select(problem => $"{name}: {problem}"));
                }
            }
            catch (TandemException error)
            {
                problems.Add($"{name}: {error.Message}");
            }
        }

        Assert.True(problems.Count == 0, string.Join('\n', problems));
        Assert.True(delegated >= 125, $"{delegated} operators are delegated");
    }

    [Fact]
    public void The_tale_is_eagers_in_five_partitions_a_method_and_its_weights_are_there_once()
    {
        var folder = SharedVectors.Path("tales");
        var path = Path.Combine(_folder, "tales.pte");
        var report = new ProgramLowering(_runtime, Options()).Lower(ExportedProgramReader.Read(Path.Combine(folder, "tales.pt2")), path);

        Assert.All(report.Record.Methods, method => Assert.Equal(5, method.Partitions.Count));
        Assert.InRange(new FileInfo(path).Length, 1, 3_700_000);
        using var program = _runtime.LoadProgram(path);
        using var session = program.CreateSession();
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "greedy.json")));
        int[] expected = [.. json.RootElement.GetProperty("eager").GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        const int PromptLength = 11;
        var written = new TokenGenerator(session).Generate(expected[..PromptLength], new SamplingOptions(), expected.Length - PromptLength, endId: 1);
        Assert.Equal(expected, expected[..PromptLength].Concat(written));
    }

    [Fact]
    public void The_quantised_tale_writes_the_tokens_that_eager_chose_and_its_packed_weights_are_ExecuTorchs()
    {
        var folder = SharedVectors.Path("tales");
        var path = Path.Combine(_folder, "tales_8da4w.pte");
        var report = new ProgramLowering(_runtime, Options()).Lower(ExportedProgramReader.Read(Path.Combine(folder, "tales_8da4w.pt2")), path);

        Assert.All(report.Record.Methods, method => Assert.Equal(5, method.Partitions.Count));
        Assert.DoesNotContain(report.Record.Methods.SelectMany(method => method.Nodes), node => node.Partition < 0 && node.Operator.StartsWith("torchao", StringComparison.Ordinal));
        Assert.Subset(Keys(path), Keys(Path.Combine(folder, "xnnpack_8da4w.pte")));
        using var program = _runtime.LoadProgram(path);
        using var session = program.CreateSession();
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "greedy.json")));
        int[] expected = [.. json.RootElement.GetProperty("eager_8da4w").GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        const int PromptLength = 11;
        var written = new TokenGenerator(session).Generate(expected[..PromptLength], new SamplingOptions(), expected.Length - PromptLength, endId: 1);
        Assert.Equal(expected, expected[..PromptLength].Concat(written));
    }

    [Theory]
    [InlineData("convnet_static_int8")]
    [InlineData("convnet_static_int8_per_tensor")]
    [InlineData("mlp_8da8w")]
    [InlineData("mlp_dynamic_int8")]
    [InlineData("mlp_static_int8")]
    [InlineData("mlp_two_methods_8da4w")]
    [InlineData("mobilenet_like_static_int8")]
    [InlineData("resnet_like_static_int8")]
    [InlineData("transformer_dynamic_int8")]
    public void Weights_biases_and_scales_of_a_quantised_net_are_the_very_bytes_that_ExecuTorch_writes(string name)
    {
        var report = Lower(SharedVectors.Path("models", name), name);

        Assert.Subset(Keys(Path.Combine(_folder, name + ".pte")), Keys(SharedVectors.Path("models", name, "xnnpack.pte")));
        Assert.DoesNotContain(report.Record.Methods.SelectMany(method => method.Nodes), node => node.Partition < 0
            && (node.Operator.StartsWith("torchao", StringComparison.Ordinal) || node.Operator.StartsWith("quantized_decomposed", StringComparison.Ordinal)));
    }

    // Keys are hashes of bytes.
    private static HashSet<string> Keys(string path)
    {
        using var source = DataSource.FromFile(path);
        return [.. ProgramReader.Read(source).NamedData.Select(entry => entry.Key).Where(key => !key.StartsWith("metadata.", StringComparison.Ordinal))];
    }

    [Fact]
    public void Every_refusal_says_why()
    {
        foreach (var name in (string[])["transformer_dynamic", "detector", "mlp_dynamic_int8", "unequal_partitions"])
        {
            var report = Lower(SharedVectors.Path("models", name), name);
            Assert.All(report.Record.Methods.SelectMany(method => method.Nodes).Where(node => node.Partition < 0), node =>
                Assert.All(node.Refusals, refusal => Assert.False(string.IsNullOrWhiteSpace(refusal.Reason))));
        }
    }

    private static LoweringOptions Options() => new() { Backends = { Order = ["tandem.cpu"] } };

    private static IEnumerable<(string Method, int Count)> ExecuTorchCounts(string folder)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "case.json")));
        if (!json.RootElement.GetProperty("programs").TryGetProperty("xnnpack", out var program) || !program.TryGetProperty("plans", out var plans))
        {
            return [];
        }

        return [.. plans.EnumerateObject().Select(plan => (plan.Name, plan.Value.GetProperty("delegates").GetArrayLength()))];
    }

    private LoweringReport Lower(string folder, string name) =>
        new ProgramLowering(_runtime, Options()).Lower(ExportedProgramReader.Read(Path.Combine(folder, "model.pt2")), Path.Combine(_folder, name + ".pte"));

    private List<string> Replay(string folder, string name)
    {
        using var program = _runtime.LoadProgram(Path.Combine(_folder, name + ".pte"));
        using var session = program.CreateSession();
        return [.. CaseReplayer.Replay(session, ReplayCase.Read(folder)).Problems];
    }
}
