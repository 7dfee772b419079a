using Tandem.Host.Lowering;
using Tandem.Host.Lowering.Partitioning;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Lowering;

public sealed class BackendPreprocessingTests
{
    [Fact]
    public void I6_G2_I9_each_backend_is_called_once_with_all_partitions_of_all_methods_also_of_unequal_count()
    {
        var relu = new TestBackend(node => node.Operator == "aten::relu" ? node.Name : null);
        var negation = new TestBackend(node => node.Operator == "aten::neg" ? node.Name : null);
        LoweringBackend[] backends = [TestBackend.Of(relu, "Relu"), TestBackend.Of(negation, "Negation")];
        var order = new List<string>();
        var calls = new BackendCalls(TimeSpan.FromMinutes(1), new Listener(order), default);
        var methods = new[] { Method("prefill", 3), Method("decode", 1), Method("plain", 0) }
            .Select(method => MethodPartitioner.Run(method, backends, new HashSet<string>(), calls)).ToList()
            .Select(partitioned => PartitionCutter.Run(partitioned, new HashSet<string>())).ToList();
        var results = BackendPreprocessing.Run([.. methods], new NamedDataStore(), calls);

        Assert.Equal(["partition prefill", "partition decode", "partition plain", "preprocess prefill 3, decode 1"], relu.Calls);
        Assert.Equal(["partition prefill", "partition decode", "partition plain", "preprocess prefill 3, decode 1"], negation.Calls);
        Assert.Equal(8, results.Count);
        Assert.Equal(
        [
            "Partition Relu, prefill", "Partition Negation, prefill", "Partition Relu, decode", "Partition Negation, decode", "Partition Relu, plain", "Partition Negation, plain",
            "Preprocess Relu", "Preprocess Negation",
        ], order);
        Assert.Same(relu.Given!.NamedData, negation.Given!.NamedData);
    }

    [Fact]
    public void W2_partitions_of_one_method_may_have_different_compile_specs_and_keys()
    {
        var backend = new TestBackend(node => node.Operator == "aten::relu" ? node.Name : null)
        {
            Specify = spec => spec with { CompileSpecs = [new CompileSpec(spec.Tag, new byte[] { 1 })], PairingKey = $"key of {spec.Tag}" },
        };
        var calls = new BackendCalls(TimeSpan.FromMinutes(1), null, default);
        BackendPreprocessing.Run([PartitionCutter.Run(MethodPartitioner.Run(Method("forward", 2), [TestBackend.Of(backend)], new HashSet<string>(), calls), new HashSet<string>())], new NamedDataStore(), calls);
        Assert.Equal(["r0: key of r0", "r1: key of r1"], backend.Given!.Methods[0].Partitions.Select(partition => $"{partition.CompileSpecs[0].Key}: {partition.Identity.PairingKey}"));
    }

    [Fact]
    public void A_backend_without_partitions_is_not_called()
    {
        var backend = new TestBackend(_ => null);
        var calls = new BackendCalls(TimeSpan.FromMinutes(1), null, default);
        Assert.Empty(BackendPreprocessing.Run([PartitionCutter.Run(MethodPartitioner.Run(Method("forward", 1), [TestBackend.Of(backend)], new HashSet<string>(), calls), new HashSet<string>())], new NamedDataStore(), calls));
        Assert.Equal(["partition forward"], backend.Calls);
    }

    [Fact]
    public void Missing_doubled_and_foreign_payloads_are_refused_with_the_backend_named()
    {
        Refused(_ => []);
        Refused(_ => null!);
        Refused(_ => [null!]);
        Refused(context => [Result(context, 0), Result(context, 0)]);
        Refused(context => [Result(context, 0) with { Identity = new PartitionIdentity("other", 0) }]);
        Refused(context => [Result(context, 0) with { NamedDataKeys = ["absent"] }]);
    }

    [Fact]
    public void A_backend_that_says_what_it_does_may_take_longer_than_the_limit()
    {
        var heard = new List<string>();
        var backend = new TestBackend(_ => "t")
        {
            Preprocessor = context =>
            {
                for (var i = 0; i < 8; i++)
                {
                    Thread.Sleep(50);
                    context.ReportProgress("packing", i / 8.0);
                }

                return [Result(context, 0)];
            },
        };
        Run(backend, new BackendCalls(TimeSpan.FromMilliseconds(300), new Listener(heard), default));
        Assert.Contains("Preprocess TestBackend: packing, 50 %", heard);
    }

    private static PreprocessResult Result(PreprocessContext context, int index) =>
        new(context.Methods[0].Partitions[index].Identity, DataContent.FromMemory(new byte[4], "test"));

    private static void Refused(Func<PreprocessContext, IReadOnlyList<PreprocessResult>> preprocess)
    {
        var error = Assert.Throws<TandemException>(() => Run(new TestBackend(_ => "t") { Preprocessor = preprocess }, new BackendCalls(TimeSpan.FromMinutes(1), null, default)));
        Assert.Equal((ErrorCode.BackendResultInvalid, "TestBackend of test 1.0"), (error.Code, error.Details.File));
    }

    private static void Run(TestBackend backend, BackendCalls calls) =>
        BackendPreprocessing.Run([PartitionCutter.Run(MethodPartitioner.Run(Method("forward", 1), [TestBackend.Of(backend)], new HashSet<string>(), calls), new HashSet<string>())], new NamedDataStore(), calls);

    // relu and neg in turn, each a partition of its own.
    private static ExportedMethod Method(string name, int pairs)
    {
        var sketch = new GraphSketch(name).Input("x");
        var last = "x";
        for (var i = 0; i < pairs; i++)
        {
            sketch.Node($"r{i}", "aten::relu", last).Node($"n{i}", "aten::neg", $"r{i}");
            last = $"n{i}";
        }

        return sketch.Output(last).Build();
    }

    private sealed class Listener(List<string> heard) : IProgress<LoweringProgress>
    {
        public void Report(LoweringProgress value)
        {
            lock (heard)
            {
                heard.Add(value.ToString());
            }
        }
    }
}
