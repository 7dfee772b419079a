using System.Globalization;
using Tandem.Host.Building;
using Tandem.Host.Lowering;
using Tandem.Host.NamedData;
using Tandem.Samples.Backend;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Lowering;

public sealed class ProgramLoweringTests : IDisposable
{
    private static readonly float[] Weight = [1, 2, 3, 4];
    private readonly TemporaryFolder _folder = new();
    private readonly TandemRuntime _runtime = new(new TandemOptions { Threads = 1, Backends = { InProcess = { ["SampleBackend"] = Sample() } } });

    [Fact]
    public void Q3_G5_two_methods_lowered_through_the_sample_backend_run_and_pack_their_weight_once()
    {
        var report = Lower(TwoMethods(), WithSample());
        using var program = _runtime.LoadProgram(Path);
        using var session = program.CreateSession();
        foreach (var name in new[] { "prefill", "decode" })
        {
            var method = session.GetMethod(name);
            method.SetInput<float>(0, [1, 0, 0, 1], [2, 2]);
            method.Execute();
            // linear: x * w^T.
            Assert.Equal([1, 3, 2, 4], method.GetOutput(0).AsReadOnlySpan<float>().ToArray());
        }

        // One key for both methods, and one packed weight.
        Assert.Single(program.Model.NamedData, entry => entry.Key != LoweringMetadata.Key);
        Assert.Equal(16, program.DerivedData.ByteCount);
        Assert.Equal(16, report.Sizes.WeightBytes);
        Assert.Equal(2 * 16 + 2 * 64, report.Sizes.UnsharedBytes);
        Assert.Equal(64, report.Sizes.PayloadBytes);
        Assert.Equal(["aten::linear"], report.Record.Methods[0].Nodes.Where(node => node.Partition == 0).Select(node => node.Operator));
    }

    [Fact]
    public void R1_R2_sharing_off_is_the_same_call_and_gives_the_same_results()
    {
        var shared = new FileInfo(Lower(TwoMethods(), WithSample()).Files[0].Path).Length;
        var options = WithSample();
        options.ShareData = false;
        var report = Lower(TwoMethods(), options);
        Assert.True(report.Files[0].ByteCount > shared);
        Assert.Equal((32, 0), (report.Sizes.WeightBytes, report.Sizes.SharedBytes));
        using var program = _runtime.LoadProgram(Path);
        using var session = program.CreateSession();
        var method = session.GetMethod("decode");
        method.SetInput<float>(0, [1, 0, 0, 1], [2, 2]);
        method.Execute();
        Assert.Equal([1, 3, 2, 4], method.GetOutput(0).AsReadOnlySpan<float>().ToArray());
    }

    [Fact]
    public void I3_T13_equal_input_gives_equal_bytes_in_any_culture_and_folder()
    {
        Lower(TwoMethods(), WithSample());
        var first = File.ReadAllBytes(Path);
        var culture = CultureInfo.CurrentCulture;
        using var other = new TemporaryFolder();
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NegativeSign = "~", NumberDecimalSeparator = "#" } };
            var path = System.IO.Path.Combine(other.Path, "another.pte");
            new ProgramLowering(_runtime, WithSample()).Lower(TwoMethods(), path);
            Assert.Equal(first, File.ReadAllBytes(path));
            Assert.Equal("~1", (-1).ToString(CultureInfo.CurrentCulture));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void D23_the_record_is_in_the_file_and_absent_if_stripped()
    {
        Lower(TwoMethods(), WithSample());
        using (var program = _runtime.LoadProgram(Path))
        {
            Assert.Contains(program.NamedDataUses.Concat([]).Select(use => use.Key).Concat(program.Model.NamedData.Select(entry => entry.Key)), key => key == LoweringMetadata.Key);
        }

        var options = WithSample();
        options.Strip = true;
        Lower(TwoMethods(), options);
        using var stripped = _runtime.LoadProgram(Path);
        Assert.DoesNotContain(stripped.Model.NamedData, entry => entry.Key == LoweringMetadata.Key);
    }

    [Fact]
    public void D13_R4_weights_go_to_a_data_file_and_the_program_runs_with_it()
    {
        var options = WithSample();
        options.ExternalData = "weights.ptd";
        var report = Lower(TwoMethods(), options);
        Assert.Equal(2, report.Files.Count);
        using var program = _runtime.LoadProgram(Path, report.Files[1].Path);
        using var session = program.CreateSession();
        var method = session.GetMethod("decode");
        method.SetInput<float>(0, [1, 0, 0, 1], [2, 2]);
        method.Execute();
        Assert.Equal([1, 3, 2, 4], method.GetOutput(0).AsReadOnlySpan<float>().ToArray());
    }

    [Fact]
    public void Nothing_is_written_if_a_backend_fails_or_the_lowering_is_cancelled()
    {
        File.WriteAllText(Path, "old");
        var failing = new LoweringOptions { Backends = { InProcess = { ["Failing"] = new InProcessBackend(() => new TestBackend(_ => "t") { Preprocessor = _ => throw new InvalidOperationException("no") }) }, Order = ["Failing"] } };
        Assert.Equal(ErrorCode.BackendLoweringFailed, Assert.Throws<TandemException>(() => Lower(TwoMethods(), failing)).Code);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => new ProgramLowering(_runtime, WithSample()).Lower(TwoMethods(), Path, null, cancelled.Token));
        Assert.Equal("old", File.ReadAllText(Path));
        Assert.Equal([Path], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void The_preprocessor_is_disposed_when_the_program_is_written()
    {
        var backend = new TestBackend(_ => null);
        Lower(Plain(), new LoweringOptions { Backends = { InProcess = { ["Test"] = new InProcessBackend(() => backend) }, Order = ["Test"] } });
        Assert.Equal(["partition prefill", "partition decode", "dispose"], backend.Calls);
    }

    [Fact]
    public void W2_methods_may_have_different_backends_in_a_different_order_and_options()
    {
        var asked = new List<string>();
        InProcessBackend Asking(string id) => new(() => new TestBackend(_ => null)
        {
            Partitioner = context =>
            {
                asked.Add($"{id} {context.Method.Name} {context.Options.GetString("power")}");
                return new PartitionResult([.. context.Method.Graph.Nodes.Select(node => NodeDecision.Refuse(node.Name, "asked only"))], []);
            },
        });
        var options = new LoweringOptions
        {
            Backends =
            {
                InProcess = { ["A"] = Asking("A"), ["B"] = Asking("B") },
                Order = ["A", "B"],
                Options = { ["A"] = new() { ["power"] = "low" } },
                Methods = { ["decode"] = new() { Order = ["B", "A"], Options = { ["A"] = new() { ["power"] = "high" } } } },
            },
        };
        Lower(Plain(), options);
        Assert.Equal(["A prefill low", "B prefill ", "B decode ", "A decode high"], asked);
        options.Backends.Methods["prefill"] = new() { Deny = ["A"] };
        asked.Clear();
        Lower(Plain(), options);
        Assert.Equal(["B prefill ", "B decode ", "A decode high"], asked);
    }

    [Fact]
    [ProducesError(ErrorCode.BackendNotFound)]
    [ProducesError(ErrorCode.BackendNotAvailable)]
    public void A_backend_that_is_absent_or_cannot_lower_is_an_error()
    {
        Assert.Equal(ErrorCode.BackendNotFound, Assert.Throws<TandemException>(() => Lower(TwoMethods(), new LoweringOptions { Backends = { Order = ["absent"] } })).Code);
        var without = new LoweringOptions { Backends = { InProcess = { ["R"] = new InProcessBackend(() => null) }, Order = ["R"] } };
        Assert.Equal(ErrorCode.BackendNotAvailable, Assert.Throws<TandemException>(() => Lower(TwoMethods(), without)).Code);
    }

    [Fact]
    public void A_data_file_never_leaves_the_folder_by_the_name_that_a_backend_gives()
    {
        var options = new LoweringOptions
        {
            Backends =
            {
                InProcess =
                {
                    ["T"] = new InProcessBackend(() => new TestBackend(_ => "t")
                    {
                        Preprocessor = context =>
                        {
                            context.NamedData.Add("key", DataContent.FromMemory(new byte[8], "test"), 1, "../elsewhere");
                            return [.. context.Methods.SelectMany(method => method.Partitions).Select(partition => new PreprocessResult(partition.Identity, DataContent.FromMemory(new byte[1], "p")))];
                        },
                    }),
                },
                Order = ["T"],
            },
        };
        Assert.Equal("../elsewhere", Assert.Throws<TandemException>(() => Lower(TwoMethods(), options)).Details.Found);
    }

    [Fact]
    public void A_contiguous_tensor_of_one_with_channels_last_has_its_elements_in_the_order_of_its_dimensions()
    {
        var builder = new ExportedProgramBuilder();
        builder.Method("forward", method => method.Output(method.Input("x", ScalarType.Float, 1, 2, 2, 2).ToChannelsLast().Contiguous()));
        new ProgramLowering(_runtime).Lower(builder.Build(), Path);
        using var program = _runtime.LoadProgram(Path);
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        method.SetInput<float>(0, [0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 2, 2]);
        method.Execute();
        Assert.Equal([0, 1, 2, 3], method.GetOutput(0).DimOrder.ToArray());
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], method.GetOutput(0).AsReadOnlySpan<float>().ToArray());
    }

    [Fact]
    public void Constant_methods_are_written_beside_the_others()
    {
        var options = WithSample();
        options.ConstantMethods["get_max_seq_len"] = 128L;
        options.ConstantMethods["use_cache"] = true;
        Lower(TwoMethods(), options);
        using var program = _runtime.LoadProgram(Path);
        using var session = program.CreateSession();
        var method = session.GetMethod("get_max_seq_len");
        method.Execute();
        Assert.Equal(128, method.GetOutputValue(0).AsInt());
    }

    private string Path => System.IO.Path.Combine(_folder.Path, "model.pte");

    public void Dispose()
    {
        _runtime.Dispose();
        _folder.Dispose();
    }

    private static InProcessBackend Sample() => new(() => new SamplePreprocessor(), () => new SampleRuntime());

    private static LoweringOptions WithSample() => new() { Backends = { InProcess = { ["SampleBackend"] = Sample() }, Order = ["SampleBackend"] } };

    private LoweringReport Lower(ExportedProgram program, LoweringOptions options) => new ProgramLowering(_runtime, options).Lower(program, Path);

    private static ExportedProgram TwoMethods() => new([Method("prefill"), Method("decode")]);

    private static ExportedProgram Plain() =>
        new([.. new[] { "prefill", "decode" }.Select(name => new GraphSketch(name).Input("x").Node("relu", "aten::relu", "x").Output("relu").Build())]);

    private static ExportedMethod Method(string name) => new GraphSketch(name).Input("x").Parameter("w", Weight)
        .Node(new GraphNode("linear", "aten::linear", "",
            [new GraphNamedArgument("input", new GraphArgument.Reference("x")), new GraphNamedArgument("weight", new GraphArgument.Reference("w"))], [GraphSketch.Value("linear")]))
        .Node("relu", "aten::relu", "linear").Output("relu").Build();
}
