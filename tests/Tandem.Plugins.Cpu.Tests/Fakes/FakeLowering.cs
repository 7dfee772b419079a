using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Fakes;

/// <summary>Partitions and preprocesses a method as a host does, for methods that are taken whole.</summary>
internal sealed class FakeLowering
{
    private FakeLowering(PartitionResult result, byte[] payload, NamedDataStore store, ExportedMethod method)
    {
        (Result, Payload, Store, Method) = (result, payload, store, method);
    }

    public PartitionResult Result { get; }

    public byte[] Payload { get; }

    public NamedDataStore Store { get; }

    public ExportedMethod Method { get; }

    public PayloadGraph Graph => PayloadReader.Read(Payload);

    /// <summary>Kinds of the payload's nodes, in order.</summary>
    public string[] Kinds => [.. Graph.Nodes.Select(node => node.Kind.ToString())];

    /// <summary>The partitioner's word about a method.</summary>
    public static PartitionResult Partition(ExportedMethod method, params string[] taken)
    {
        using IBackendPreprocessor preprocessor = new CpuPlugin().CreatePreprocessor("XnnpackBackend", new FakeHost())!;
        var context = new Context(method, taken);
        var result = preprocessor.CreatePartitioner(BackendOptions.Empty).Partition(context);
        result.Check(context);
        return result;
    }

    /// <summary>Lowers a method that is to be one partition.</summary>
    public static FakeLowering Lower(ExportedMethod method)
    {
        var result = Partition(method);
        Assert.All(result.Decisions, decision => Assert.True(decision.IsTaken, $"{decision.NodeName}: {decision.Reason}"));
        Assert.Single(result.Partitions);
        using IBackendPreprocessor preprocessor = new CpuPlugin().CreatePreprocessor("XnnpackBackend", new FakeHost())!;
        var partition = new BackendPartition(new PartitionIdentity(method.Name, 0), method, []);
        var context = new PreprocessingContext([new PartitionedMethod(method.Name, [partition])]);
        var results = PreprocessResult.Check(context, preprocessor.Preprocess(context));
        return new FakeLowering(result, Bytes(results[0].Processed), context.NamedData, method);
    }

    /// <summary>Runs the payload on float inputs, all results of float.</summary>
    public float[][] Run(int[][] outputSizes, params (float[] Values, int[] Sizes)[] inputs)
    {
        using var runner = new DelegateRunner(Payload, NamedData(), inputs.Length + outputSizes.Length);
        var outputs = outputSizes.Select(sizes => runner.Tensor(ScalarType.Float, sizes)).ToArray();
        runner.Execute([.. inputs.Select(input => runner.Floats(input.Values, input.Sizes)), .. outputs]);
        return [.. outputs.Select(output => output.AsReadOnlySpan<float>().ToArray())];
    }

    /// <summary>Keys and bytes of the store.</summary>
    public Dictionary<string, byte[]> NamedData() => Store.Entries.ToDictionary(entry => entry.Key, entry => Bytes(Store.Blobs[entry.BlobIndex].Content));

    public static byte[] Bytes(DataContent content)
    {
        var bytes = new byte[content.Length];
        content.Read(0, bytes);
        return bytes;
    }

    private sealed class Context(ExportedMethod method, string[] taken) : PartitionContext
    {
        public override ExportedMethod Method => method;

        public override BackendOptions Options => BackendOptions.Empty;

        public override bool IsTaken(GraphNode node) => taken.Contains(node.Name);
    }

    internal sealed class PreprocessingContext(IReadOnlyList<PartitionedMethod> methods) : PreprocessContext
    {
        public override string BackendId => "XnnpackBackend";

        public override IReadOnlyList<PartitionedMethod> Methods => methods;

        public override NamedDataStore NamedData { get; } = new();

        public override BackendOptions Options => BackendOptions.Empty;
    }
}
