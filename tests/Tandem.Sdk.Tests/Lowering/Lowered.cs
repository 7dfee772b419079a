using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Sdk.Tests.Lowering;

/// <summary>A made-up lowering: methods with partitions, and a context over them.</summary>
internal sealed class Lowered(params (string Method, string?[] Keys)[] methods) : PreprocessContext
{
    public override string BackendId => "TestBackend";

    public override IReadOnlyList<PartitionedMethod> Methods { get; } = [.. methods.Select(method => new PartitionedMethod(method.Method,
        [.. method.Keys.Select((key, index) => Partition(method.Method, index, key))]))];

    public override NamedDataStore NamedData { get; } = new();

    public override BackendOptions Options => BackendOptions.Empty;

    internal static ExportedMethod Method(string name, params ImmutableArray<GraphNode> nodes) =>
        new(name, new ExportedGraph([new GraphValue("x", TensorSpec.Contiguous(ScalarType.Float, 2, 3))], nodes, [new GraphArgument.Reference("x")]),
            new GraphSignature([new GraphInputSpec(GraphInputKind.UserInput, "x")], [new GraphOutputSpec(GraphOutputKind.UserOutput)]));

    internal static GraphNode Node(string name, params ImmutableArray<GraphArgument> arguments) =>
        new(name, "aten::relu", "", [.. arguments.Select((argument, index) => new GraphNamedArgument($"a{index}", argument))], [new GraphValue(name, null)]);

    private static BackendPartition Partition(string method, int index, string? key) =>
        new(new PartitionIdentity(method, index, key), Method(method), [new CompileSpec("index", new[] { (byte)index })]);
}
