using System.Buffers.Binary;
using Tandem.Sdk;

namespace Tandem.TestPlugins;

/// <summary>One context for all methods, as compilers of accelerators make them: every distinct weight is in it once, a payload only says where.</summary>
public sealed class ContextPreprocessor : IBackendPreprocessor, IBackendPartitioner
{
    public const string Key = "test.all/context";

    public IBackendPartitioner CreatePartitioner(BackendOptions options) => this;

    public IReadOnlyCollection<string> GetPreservedOperators(ExportedMethod method) => ["aten::linear"];

    public PartitionResult Partition(PartitionContext context)
    {
        var open = context.Method.Graph.Nodes.Where(node => !context.IsTaken(node)).ToList();
        return new PartitionResult(
            [.. open.Select(node => Why(node) is { } reason ? NodeDecision.Refuse(node.Name, reason) : NodeDecision.Take(node.Name, node.Name))],
            [.. open.Where(node => Why(node) is null).Select(node => new PartitionSpec(node.Name) { PairingKey = node.Find("weight")!.References().Single() })]);
    }

    public IReadOnlyList<PreprocessResult> Preprocess(PreprocessContext context)
    {
        var offsets = new Dictionary<string, long>(StringComparer.Ordinal);
        using var all = new MemoryStream();
        var partitions = context.Methods.SelectMany(method => method.Partitions).ToList();
        foreach (var storage in partitions.Select(WeightOf))
        {
            if (offsets.TryAdd(storage.ContentHash, all.Length))
            {
                storage.CopyTo(all);
            }
        }

        context.NamedData.Add(Key, DataContent.FromMemory(all.ToArray(), "context of all methods"), alignment: 64);
        return [.. partitions.Select(partition => new PreprocessResult(partition.Identity, Place(offsets[WeightOf(partition).ContentHash], WeightOf(partition).Length)) { NamedDataKeys = [Key] })];
    }

    private static string? Why(GraphNode node) => node.FullName != "aten::linear" ? $"{node.FullName} is no linear layer"
        : node.Find("bias") is GraphArgument.Reference ? "it has a bias" : null;

    private static DataContent WeightOf(BackendPartition partition) => partition.Program.Signature.Inputs.Single(input => input.Kind == GraphInputKind.Parameter).Tensor!.Storage;

    private static DataContent Place(long offset, long length)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, offset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), length);
        return DataContent.FromMemory(bytes, "place in the context");
    }
}
