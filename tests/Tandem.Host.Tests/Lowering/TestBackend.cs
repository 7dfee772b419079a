using System.Collections.Immutable;
using System.Text;
using Tandem.Host.Lowering;
using Tandem.Sdk;

namespace Tandem.Host.Tests.Lowering;

/// <summary>A backend whose decisions a test gives: node -> tag, or null to refuse. Its payload is the list of what it was given.</summary>
internal sealed class TestBackend(Func<GraphNode, string?> tagOf) : IBackendPreprocessor, IBackendPartitioner
{
    internal List<string> Calls { get; } = [];

    internal Func<PartitionSpec, PartitionSpec> Specify { get; init; } = spec => spec;

    internal Func<PartitionContext, PartitionResult>? Partitioner { get; init; }

    internal Func<PreprocessContext, IReadOnlyList<PreprocessResult>>? Preprocessor { get; init; }

    internal IReadOnlyCollection<string> Preserved { get; init; } = [];

    internal PreprocessContext? Given { get; private set; }

    internal static LoweringBackend Of(TestBackend backend, string id = "TestBackend") => new(id, "test 1.0", "named", backend, _ => BackendOptions.Empty);

    public IBackendPartitioner CreatePartitioner(BackendOptions options) => this;

    public IReadOnlyCollection<string> GetPreservedOperators(ExportedMethod method) => Preserved;

    public PartitionResult Partition(PartitionContext context)
    {
        Calls.Add($"partition {context.Method.Name}");
        if (Partitioner is not null)
        {
            return Partitioner(context);
        }

        var open = AllNodes(context.Method.Graph).Where(node => !context.IsTaken(node)).ToList();
        return new PartitionResult(
            [.. open.Select(node => tagOf(node) is { } tag ? NodeDecision.Take(node.Name, tag) : NodeDecision.Refuse(node.Name, $"{node.FullName} is refused"))],
            [.. open.Select(tagOf).OfType<string>().Distinct().Select(tag => Specify(new PartitionSpec(tag)))]);
    }

    public IReadOnlyList<PreprocessResult> Preprocess(PreprocessContext context)
    {
        Given = context;
        Calls.Add($"preprocess {string.Join(", ", context.Methods.Select(method => $"{method.Name} {method.Partitions.Length}"))}");
        return Preprocessor is not null ? Preprocessor(context)
            : [.. context.Methods.SelectMany(method => method.Partitions).Select(partition => PreprocessPartition(partition, context))];
    }

    public PreprocessResult PreprocessPartition(BackendPartition partition, PreprocessContext context) =>
        new(partition.Identity, DataContent.FromMemory(Encoding.UTF8.GetBytes($"{context.BackendId} {partition.Identity}"), "test"));

    public void Dispose() => Calls.Add("dispose");

    private static IEnumerable<GraphNode> AllNodes(ExportedGraph graph) => graph.Nodes.SelectMany(node =>
        node.Arguments.Select(argument => argument.Value).OfType<GraphArgument.Subgraph>().SelectMany(nested => AllNodes(nested.Value)).Prepend(node));
}
