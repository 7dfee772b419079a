using Tandem.Sdk;

namespace Tandem.Samples.Backend;

/// <summary>Takes every linear layer, each as a partition of its own, and says why it refuses the rest.</summary>
public sealed class SamplePartitioner : IBackendPartitioner
{
    public PartitionResult Partition(PartitionContext context)
    {
        var open = context.Method.Graph.Nodes.Where(node => !context.IsTaken(node)).ToList();
        return new PartitionResult(
            [.. open.Select(node => IsTaken(node) ? NodeDecision.Take(node.Name, node.Name) : NodeDecision.Refuse(node.Name, $"{node.FullName} is not aten::linear"))],
            [.. open.Where(IsTaken).Select(node => new PartitionSpec(node.Name))]);
    }

    public IReadOnlyCollection<string> GetPreservedOperators(ExportedMethod method) => ["aten::linear"];

    private static bool IsTaken(GraphNode node) => node.FullName == "aten::linear";
}
