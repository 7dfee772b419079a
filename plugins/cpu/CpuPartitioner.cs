using System.Collections.Immutable;
using Tandem.Plugins.Cpu.Lowering;
using Tandem.Plugins.Cpu.Partitioning;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu;

/// <summary>Takes what an XNNPACK payload of float32 and float16 can express, in as few partitions as there can be.</summary>
internal sealed class CpuPartitioner : IBackendPartitioner
{
    /// <inheritdoc/>
    public IReadOnlyCollection<string> GetPreservedOperators(ExportedMethod method) => OperatorTable.Preserved;

    /// <inheritdoc/>
    public PartitionResult Partition(PartitionContext context)
    {
        var method = context.Method;
        var constants = new Dictionary<string, ExportedTensor>(StringComparer.Ordinal);
        foreach (var input in method.Signature.Inputs)
        {
            if (input.Tensor is not null && input.Kind != GraphInputKind.UserInput
                && (input.Kind != GraphInputKind.Buffer || !context.IsState(input.QualifiedName ?? "")))
            {
                constants.Add(input.ValueName, input.Tensor);
            }
        }

        var decisions = ImmutableArray.CreateBuilder<NodeDecision>();
        var partitions = ImmutableArray.CreateBuilder<PartitionSpec>();
        Decide(context, method.Graph, constants, isLoop: false, decisions, partitions);
        return new PartitionResult(decisions.ToImmutable(), partitions.ToImmutable());
    }

    private static void Decide(
        PartitionContext context, ExportedGraph graph, IReadOnlyDictionary<string, ExportedTensor> constants, bool isLoop,
        ImmutableArray<NodeDecision>.Builder decisions, ImmutableArray<PartitionSpec>.Builder partitions)
    {
        var (reasons, phases) = GraphPartitioner.Partition(new GraphView(graph, constants), isLoop, context.IsTaken, context.CancellationToken);
        var tags = new SortedDictionary<int, string>();
        foreach (var phase in phases.Where((_, i) => reasons[i] is null).Distinct().Order())
        {
            tags[phase] = $"xnnpack_{partitions.Count}";
            partitions.Add(new PartitionSpec(tags[phase]));
        }

        for (var i = 0; i < reasons.Length; i++)
        {
            var node = graph.Nodes[i];
            if (!context.IsTaken(node))
            {
                decisions.Add(reasons[i] is { } reason ? NodeDecision.Refuse(node.Name, reason) : NodeDecision.Take(node.Name, tags[phases[i]]));
            }

            foreach (var nested in node.Arguments.SelectMany(static argument => Nested(argument.Value)))
            {
                Decide(context, nested, ConstantsOf(node, nested, constants), isLoop || node.Operator != "higher_order::cond", decisions, partitions);
            }
        }
    }

    // The operands of control flow are the last inputs of its nested graphs: a parameter stays one there.
    private static Dictionary<string, ExportedTensor> ConstantsOf(GraphNode node, ExportedGraph nested, IReadOnlyDictionary<string, ExportedTensor> constants)
    {
        var inner = new Dictionary<string, ExportedTensor>(StringComparer.Ordinal);
        if (node.Operator.StartsWith("higher_order::", StringComparison.Ordinal) && node.Arguments is [.., { Value: GraphArgument.List operands }])
        {
            var first = nested.Inputs.Length - operands.Items.Length;
            for (var i = Math.Max(0, -first); i < operands.Items.Length; i++)
            {
                if (operands.Items[i] is GraphArgument.Reference reference && constants.TryGetValue(reference.Name, out var tensor))
                {
                    inner[nested.Inputs[first + i].Name] = tensor;
                }
            }
        }

        return inner;
    }

    private static IEnumerable<ExportedGraph> Nested(GraphArgument argument) => argument switch
    {
        GraphArgument.Subgraph nested => [nested.Value],
        GraphArgument.List list => list.Items.SelectMany(Nested),
        _ => [],
    };
}
