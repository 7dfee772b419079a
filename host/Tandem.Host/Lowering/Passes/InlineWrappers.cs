using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>Writes graphs that the exporter wrapped (a region without gradients) in the place of their call.</summary>
internal sealed class InlineWrappers : IGraphPass
{
    public string Name => "inline-wrappers";

    public ExportedMethod Run(ExportedMethod method, PassContext context) => GraphEditor.Rewrite(method, context, static (editor, node) =>
    {
        if (node.Operator != "higher_order::wrap_with_set_grad_enabled")
        {
            return null;
        }

        var at = 0;
        while (at < node.Arguments.Length && node.Arguments[at].Value is not GraphArgument.Subgraph)
        {
            at++;
        }

        if (at == node.Arguments.Length)
        {
            throw editor.NotLowerable(node, "it wraps no graph");
        }

        var graph = ((GraphArgument.Subgraph)node.Arguments[at].Value).Value;
        GraphArgument[] operands = [.. node.Arguments.Skip(at + 1).SelectMany(argument => argument.Value is GraphArgument.List list ? list.Items : [argument.Value])];
        if (operands.Length != graph.Inputs.Length || operands.Any(operand => operand is not GraphArgument.Reference))
        {
            throw editor.NotLowerable(node, "its operands are not those of the graph that it wraps");
        }

        for (var i = 0; i < operands.Length; i++)
        {
            editor.Forward(graph.Inputs[i].Name, ((GraphArgument.Reference)operands[i]).Name);
        }

        foreach (var nested in graph.Nodes)
        {
            editor.Keep(editor.Refreshed(nested));
        }

        return [.. graph.Outputs.Select(output => output is GraphArgument.Reference reference ? editor.Get(reference.Name) : throw editor.NotLowerable(node, "it returns a number"))];
    });
}
