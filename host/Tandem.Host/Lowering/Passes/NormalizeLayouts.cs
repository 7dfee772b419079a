using System.Collections.Immutable;
using Tandem.Host.Lowering.Decomposition;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>
/// Gives the operands of one operator one layout: where those of full rank differ, or a smaller one stands beside operands with channels last, all are
/// brought to the plain dim order, which every kernel of every runtime reads.
/// </summary>
internal sealed class NormalizeLayouts : IGraphPass
{
    public string Name => "normalize-layouts";

    public ExportedMethod Run(ExportedMethod method, PassContext context) => GraphEditor.Rewrite(method, context, Rewrite, DecompositionTables.Edge);

    private static IReadOnlyList<GraphValue>? Rewrite(GraphEditor editor, GraphNode node)
    {
        if (!node.Operator.StartsWith("aten::", StringComparison.Ordinal) || node.Operator is "aten::convolution" or "aten::sym_size" or "aten::sym_numel" || editor.Context.IsPreserved(node)
            || node.Outputs.Length == 0 || node.Outputs.Any(output => output.Tensor is null))
        {
            return null;
        }

        var tensors = node.References().Select(editor.Get).Where(value => value.Tensor is not null).ToArray();
        if (tensors.Length < 2 || Array.TrueForAll(tensors, value => IsPlain(value.Tensor!))
            || Array.TrueForAll(tensors, value => value.Tensor!.DimOrder.AsSpan().SequenceEqual(tensors[0].Tensor!.DimOrder.AsSpan())) || node.Operator.Contains("batch_norm", StringComparison.Ordinal))
        {
            return null;
        }

        var arguments = node.Arguments.ToBuilder();
        for (var i = 0; i < arguments.Count; i++)
        {
            arguments[i] = arguments[i] with { Value = Plain(editor, arguments[i].Value) };
        }

        return editor.Redispatch(node with { Name = "", Outputs = [], Arguments = arguments.ToImmutable() });
    }

    private static GraphArgument Plain(GraphEditor editor, GraphArgument argument) => argument switch
    {
        GraphArgument.Reference reference when editor.Get(reference.Name) is { Tensor: not null } value => new GraphArgument.Reference(editor.Contiguous(value).Name),
        GraphArgument.List list => new GraphArgument.List([.. list.Items.Select(item => Plain(editor, item))]),
        _ => argument,
    };

    private static bool IsPlain(TensorSpec spec) => TensorShapes.IsContiguous(spec.DimOrder.AsSpan());
}
