using System.Collections.Immutable;
using Tandem.Plugins.Cpu.Lowering;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu;

/// <summary>The ahead-of-time half: partitions to XNNPACK payloads, as ExecuTorch's own delegate accepts them.</summary>
/// <remarks>
/// Weights go to named data under the hash of their bytes, so that partitions and methods that use the same weight meet in one blob without knowing of
/// each other. They are read when the program is written, a piece at a time.
/// </remarks>
internal sealed class CpuPreprocessor : IBackendPreprocessor
{
    private const int Alignment = 16;

    /// <inheritdoc/>
    public IBackendPartitioner CreatePartitioner(BackendOptions options) => new CpuPartitioner();

    /// <inheritdoc/>
    public IReadOnlyList<PreprocessResult> Preprocess(PreprocessContext context)
    {
        var partitions = context.Methods.SelectMany(static method => method.Partitions).ToArray();
        var results = ImmutableArray.CreateBuilder<PreprocessResult>(partitions.Length);
        foreach (var partition in partitions)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            context.ReportProgress($"payload of {partition.Identity}", (double)results.Count / partitions.Length);
            results.Add(PreprocessPartition(partition, context));
        }

        return results.ToImmutable();
    }

    /// <inheritdoc/>
    public PreprocessResult PreprocessPartition(BackendPartition partition, PreprocessContext context)
    {
        var method = partition.Program;
        var writer = new GraphWriter();
        var outputs = method.Graph.Outputs.SelectMany(static output => output.References()).ToArray();
        var scope = new LoweringScope(writer) { Results = new QuantisedResults(method.Graph.Nodes, outputs) };
        for (var i = 0; i < method.Graph.Inputs.Length; i++)
        {
            var input = method.Signature.Inputs[i];
            if (input is { Kind: not GraphInputKind.UserInput, Tensor: { } tensor })
            {
                scope.AddConstant(input.ValueName, tensor);
            }
            else
            {
                scope.AddInput(method.Graph.Inputs[i]);
            }
        }

        var used = method.Graph.Nodes.SelectMany(static node => node.References()).Concat(outputs).ToHashSet(StringComparer.Ordinal);
        if (PartitionLowering.Lower(scope, method.Graph.Nodes, outputs, used.Contains) is var (node, reason))
        {
            throw new TandemException(ErrorCode.BackendResultInvalid, "a node of the partition cannot be written to a payload", new ErrorDetails
            {
                File = context.BackendId,
                Location = $"{partition.Identity}: {node}",
                Expected = "a partition of nodes that this backend took",
                Found = reason,
                NextStep = "cut partitions as the backend's partitioner decided",
            });
        }

        var keys = new List<string>();
        var handles = new SortedDictionary<int, SortedSet<int>>();
        var graph = writer.Build((content, prefix) =>
        {
            var key = context.NamedData.AddByContent(content, Alignment, prefix);
            if (!keys.Contains(key))
            {
                keys.Add(key);
            }

            return key;
        }, Stands);
        foreach (var payload in graph.Nodes)
        {
            Stands(payload.Source.DebugHandle, payload.Source.DebugHandle);
        }

        return new PreprocessResult(partition.Identity, DataContent.FromMemory(PayloadEncoder.Write(graph), $"{context.BackendId} {partition.Identity}"))
        {
            NamedDataKeys = [.. keys],
            DebugHandles = handles.ToImmutableDictionary(static entry => entry.Key, static entry => entry.Value.ToImmutableArray()),
        };

        void Stands(int written, int node)
        {
            if (written >= 0 && node >= 0)
            {
                (handles.TryGetValue(written, out var set) ? set : handles[written] = []).Add(node);
            }
        }
    }
}
