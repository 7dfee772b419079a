using System.Text;
using Tandem.Sdk;

namespace Tandem.TestPlugins;

public sealed class RectifierPreprocessor : IBackendPreprocessor, IBackendPartitioner
{
    public IBackendPartitioner CreatePartitioner(BackendOptions options) => this;

    public PartitionResult Partition(PartitionContext context)
    {
        var open = context.Method.Graph.Nodes.Where(node => !context.IsTaken(node)).ToList();
        return new PartitionResult(
            [.. open.Select(node => node.FullName == "aten::relu" ? NodeDecision.Take(node.Name, node.Name) : NodeDecision.Refuse(node.Name, $"{node.FullName} is no rectifier"))],
            [.. open.Where(node => node.FullName == "aten::relu").Select(node => new PartitionSpec(node.Name))]);
    }

    // What it writes depends on this partition alone.
    public PreprocessResult PreprocessPartition(BackendPartition partition, PreprocessContext context) => new(partition.Identity,
        DataContent.FromMemory(Encoding.UTF8.GetBytes(string.Join('\n', partition.Program.Graph.Nodes.Select(node => node.ToString()))), partition.Identity.ToString()));
}
