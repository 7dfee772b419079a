using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;
using Tandem.Host.NamedData;
using Tandem.Samples.Backend;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.NamedData;

/// <summary>Takes the sample backend from graphs through store, file and map to delegates.</summary>
public sealed class SampleBackendTests
{
    private static readonly float[] Weight = [1, 2, 3, 4, 5, 6];

    [Fact]
    public void Q3_G5_one_weight_of_two_methods_is_stored_loaded_and_packed_once()
    {
        using IBackendPreprocessor preprocessor = new SamplePreprocessor();
        var lowering = new Lowering(Method("prefill"), Method("decode"));
        var results = PreprocessResult.Check(lowering, preprocessor.Preprocess(lowering));
        var blob = Assert.Single(lowering.NamedData.Blobs);
        Assert.Equal(16, blob.Alignment);

        var file = new MemoryStream();
        blob.Content.CopyTo(file);
        var registry = new BlobRegistry();
        using var source = Sources.OfStream("model.pte", file.ToArray());
        using var map = new PackageDataMap(registry,
            [new NamedDataSource(source, [.. lowering.NamedData.Entries.Select(entry => new NamedDataEntry(entry.Key, new DataRange(0, source.Length), 0, null))])]);
        var cache = new DerivedDataCacheStore();
        using var runtime = new SampleRuntime();
        List<SampleDelegate> delegates;
        using (map.Get(lowering.NamedData.Entries[0].Key))
        {
            delegates = [.. results.Select(result => Initialize(runtime, result, map, cache))];
        }

        Assert.Same(delegates[0].Weight, delegates[1].Weight);
        Assert.Equal(1, cache.Creations);
        Assert.Equal(0, registry.Statistics.LiveHandles);
        Assert.Equal(1, registry.Statistics.PhysicalLoads);
        Execute(delegates[0]);
        delegates[0].Dispose();
        Execute(delegates[1]);
        delegates[1].Dispose();
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public void Q3_the_partitioner_decides_about_every_node()
    {
        var method = Method("forward");
        using IBackendPreprocessor preprocessor = new SamplePreprocessor();
        var context = new Partitioning(method with
        {
            Graph = method.Graph with { Nodes = [.. method.Graph.Nodes, new GraphNode("relu", "aten::relu", "", [], [])] },
        });
        var result = preprocessor.CreatePartitioner(BackendOptions.Empty).Partition(context);
        result.Check(context);
        Assert.Equal("aten::relu is not aten::linear", result.Decisions[1].Reason);
        Assert.Equal("linear", Assert.Single(result.Partitions).Tag);
    }

    private static SampleDelegate Initialize(SampleRuntime runtime, PreprocessResult result, NamedDataMap map, DerivedDataCache cache)
    {
        var bytes = new byte[result.Processed.Length];
        result.Processed.Read(0, bytes);
        using var source = Sources.OfStream("payload", bytes);
        using var processed = new BlobRegistry().Open(source, new DataRange(0, bytes.Length));
        return (SampleDelegate)runtime.Initialize(new Initialization(result.Identity, processed, map, cache));
    }

    private static unsafe void Execute(SampleDelegate sample)
    {
        var input = new TensorView(new TensorLayout(ScalarType.Float, [1, 3]));
        var output = new TensorView(new TensorLayout(ScalarType.Float, [1, 2]));
        var from = stackalloc float[] { 1, 10, 100 };
        var to = stackalloc float[2];
        input.Bind(from);
        output.Bind(to);
        sample.Execute(null!, new Arguments([EValue.FromTensor(input), EValue.FromTensor(output)], [0, 1]));
        Assert.Equal([321, 654], output.AsReadOnlySpan<float>().ToArray());
    }

    private static ExportedMethod Method(string name)
    {
        var bytes = MemoryMarshal.AsBytes(Weight.AsSpan()).ToArray();
        var spec = TensorSpec.Contiguous(ScalarType.Float, 2, 3);
        var x = new GraphValue("x", TensorSpec.Contiguous(ScalarType.Float, 1, 3));
        var weight = new GraphValue("w", spec);
        var y = new GraphValue("y", TensorSpec.Contiguous(ScalarType.Float, 1, 2));
        var linear = new GraphNode("linear", "aten::linear", "",
            [new("input", new GraphArgument.Reference("x")), new("weight", new GraphArgument.Reference("w"))], [y]);
        return new ExportedMethod(name, new ExportedGraph([weight, x], [linear], [new GraphArgument.Reference("y")]), new GraphSignature(
            [
                new(GraphInputKind.Parameter, "w") { QualifiedName = "layer.weight", Tensor = new(spec, DataContent.FromMemory(bytes, name)) },
                new(GraphInputKind.UserInput, "x"),
            ], [new(GraphOutputKind.UserOutput)]));
    }

    private sealed class Lowering(params ImmutableArray<ExportedMethod> methods) : PreprocessContext
    {
        public override string BackendId => "SampleBackend";

        public override IReadOnlyList<PartitionedMethod> Methods { get; } = [.. methods.Select(method =>
            new PartitionedMethod(method.Name, [new BackendPartition(new PartitionIdentity(method.Name, 0), method, [])]))];

        public override NamedDataStore NamedData { get; } = new();

        public override BackendOptions Options => BackendOptions.Empty;
    }

    private sealed class Partitioning(ExportedMethod method) : PartitionContext
    {
        public override ExportedMethod Method => method;

        public override BackendOptions Options => BackendOptions.Empty;
    }

    private sealed class Initialization(PartitionIdentity identity, DataHandle processed, NamedDataMap map, DerivedDataCache cache) : DelegateInitializeContext
    {
        public override string MethodName => identity.MethodName;

        public override int DelegateIndex => identity.Index;

        public override long ProgramId => 1;

        public override long SessionId => 1;

        public override DataHandle Processed => processed;

        public override IReadOnlyList<CompileSpec> CompileSpecs => [];

        public override BackendOptions Options => BackendOptions.Empty;

        public override NamedDataMap NamedData => map;

        public override DerivedDataCache ProgramCache => cache;

        public override int ArgumentCount => 2;

        public override CancellationToken CancellationToken => CancellationToken.None;
    }
}
