using System.Collections.Immutable;
using Tandem.Host.Lowering.Decomposition;
using Tandem.Host.Lowering.Inference;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>
/// Writes every node in the edge dialect: composite operators as core operators, views as copies, operands in the dtype in which they meet, copies with a
/// dim order; and gives each result its spec. Operators that a backend wants whole stay.
/// </summary>
internal sealed class Decompose : IGraphPass
{
    public string Name => "decompose";

    public ExportedMethod Run(ExportedMethod method, PassContext context) =>
        GraphEditor.Rewrite(WithPlainInputs(method), context, Rewrite, DecompositionTables.Edge);

    // What a branch or loop is given, or gives, was perhaps a view when the model was exported; now it is a tensor of its own.
    private static ExportedMethod WithPlainInputs(ExportedMethod method) =>
        WithPlainInputs(method.Graph, isNested: false) is var graph && ReferenceEquals(graph, method.Graph) ? method : method with { Graph = graph };

    private static ExportedGraph WithPlainInputs(ExportedGraph graph, bool isNested)
    {
        ImmutableArray<GraphNode>.Builder? nodes = null;
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            var node = graph.Nodes[i];
            for (var k = 0; k < node.Arguments.Length; k++)
            {
                if (node.Arguments[k].Value is GraphArgument.Subgraph nested && WithPlainInputs(nested.Value, isNested: true) is var plain && !ReferenceEquals(plain, nested.Value))
                {
                    node = node with { Arguments = node.Arguments.SetItem(k, node.Arguments[k] with { Value = new GraphArgument.Subgraph(plain) }) };
                }
            }

            if (node.Operator.StartsWith("higher_order::", StringComparison.Ordinal) && node.Operator != LoweredMethod.DelegateCall)
            {
                node = Plain(node.Outputs) is var outputs && outputs == node.Outputs ? node : node with { Outputs = outputs };
            }

            if (!ReferenceEquals(node, graph.Nodes[i]))
            {
                nodes ??= graph.Nodes.ToBuilder();
                nodes[i] = node;
            }
        }

        var inputs = isNested ? Plain(graph.Inputs) : graph.Inputs;
        return nodes is null && inputs == graph.Inputs ? graph : graph with { Inputs = inputs, Nodes = nodes?.MoveToImmutable() ?? graph.Nodes };
    }

    private static ImmutableArray<GraphValue> Plain(ImmutableArray<GraphValue> values)
    {
        ImmutableArray<GraphValue>.Builder? changed = null;
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i].Tensor is { } spec && !(Layouts.IsContiguous(spec) && spec.StorageOffset is { IsConstant: true, Value: 0 }) && !Layouts.IsChannelsLast(spec))
            {
                changed ??= values.ToBuilder();
                changed[i] = values[i] with { Tensor = TensorSpec.Contiguous(spec.ScalarType, spec.Sizes.AsSpan()) };
            }
        }

        return changed?.MoveToImmutable() ?? values;
    }

    private static IReadOnlyList<GraphValue>? Rewrite(GraphEditor editor, GraphNode node)
    {
        if (node.Operator is LoweredMethod.DelegateCall || node.Operator.StartsWith("higher_order::", StringComparison.Ordinal))
        {
            return null;
        }

        if (DecompositionTables.Edge.Find(node, editor.Context) is { } rule && rule(editor, new OperatorCall(editor, node)) is { } values)
        {
            return values;
        }

        if (!GraphEditor.IsRunnable(node, editor.Context))
        {
            throw editor.NotLowerable(node, OperatorTable.TryGet(node.FullName, out _) ? "nothing runs it, and nothing says what it is made of" : "it is unknown");
        }

        return WithSpecs(editor, node);
    }

    private static IReadOnlyList<GraphValue>? WithSpecs(GraphEditor editor, GraphNode node)
    {
        if (node.Outputs.Length == 0 || node.Outputs[0].Tensor is null || node.Operator == "aten::view_copy" || SpecInference.Infer(editor, node) is not { } specs || specs.Length != node.Outputs.Length)
        {
            return null;
        }

        ImmutableArray<GraphValue>.Builder? changed = null;
        for (var i = 0; i < specs.Length; i++)
        {
            var spec = SpecInference.Merge(specs[i], node.Outputs[i].Tensor);
            if (spec != node.Outputs[i].Tensor)
            {
                changed ??= node.Outputs.ToBuilder();
                changed[i] = node.Outputs[i] with { Tensor = spec };
            }
        }

        return changed is null ? null : editor.Keep(node with { Outputs = changed.MoveToImmutable() });
    }
}
