using System.Collections.Immutable;
using Tandem.Host.Lowering.Decomposition;
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
        GraphEditor.Rewrite(method, context, Rewrite, DecompositionTables.Edge);

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
