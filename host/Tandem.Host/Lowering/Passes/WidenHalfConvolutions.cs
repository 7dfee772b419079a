using Tandem.Host.Lowering.Decomposition;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>
/// Lets convolutions of half floats that no backend took sum in float32, as PyTorch does: ExecuTorch's portable kernel sums in half floats, and this
/// host's fast one works on float32.
/// </summary>
internal sealed class WidenHalfConvolutions : IGraphPass
{
    public string Name => "widen-half-convolutions";

    public ExportedMethod Run(ExportedMethod method, PassContext context) => GraphEditor.Rewrite(method, context, static (editor, node) =>
    {
        if (node.FullName != "aten::convolution" || editor.Context.IsPreserved(node) || node.Outputs[0].Tensor?.ScalarType is not (ScalarType.Half or ScalarType.BFloat16))
        {
            return null;
        }

        var arguments = node.Arguments.ToBuilder();
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i].Value is GraphArgument.Reference reference && editor.Get(reference.Name).Tensor is not null)
            {
                arguments[i] = arguments[i] with { Value = new GraphArgument.Reference(editor.Cast(editor.Get(reference.Name), ScalarType.Float).Name) };
            }
        }

        var wide = editor.Redispatch(node with { Name = "", Outputs = [], Arguments = arguments.ToImmutable() })[0];
        return [editor.Cast(wide, node.Outputs[0].Tensor!.ScalarType)];
    }, DecompositionTables.Edge);
}
