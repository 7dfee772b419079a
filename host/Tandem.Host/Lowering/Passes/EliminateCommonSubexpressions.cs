using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>Computes once what several nodes compute from the same values.</summary>
/// <param name="keepsQuantized">
/// Whether products and sums of dequantised numbers stay apart: each result may be quantised in its own way, and a backend computes it as codes only if one
/// quantisation reads it. Not after backends have looked for it.
/// </param>
internal sealed class EliminateCommonSubexpressions(bool keepsQuantized = false) : IGraphPass
{
    public string Name => "eliminate-common-subexpressions";

    public ExportedMethod Run(ExportedMethod method, PassContext context)
    {
        var known = new Dictionary<(int Scope, GraphNode Node), GraphNode>(SameCall.Instance);
        return GraphEditor.Rewrite(method, context, (editor, node) =>
        {
            if (!IsPure(node) || (keepsQuantized && IsQuantizedResult(editor, node)))
            {
                return null;
            }

            if (known.TryGetValue((editor.Scope, node), out var first))
            {
                return [.. first.Outputs];
            }

            known.Add((editor.Scope, node), node);
            return null;
        });
    }

    /// <summary>Whether a node gives the same results whenever it is given the same values.</summary>
    internal static bool IsPure(GraphNode node) => node.Outputs.Length > 0 && !node.Operator.StartsWith("higher_order::", StringComparison.Ordinal)
        && node.Operator is not ("aten::rand" or "aten::randn" or "aten::native_dropout" or "aten::bernoulli" or "aten::randint" or "aten::randperm" or "aten::multinomial"
            or "aten::normal" or "aten::rand_like" or "aten::randn_like" or "aten::rrelu" or "aten::dropout" or "aten::empty");

    private static bool IsQuantizedResult(GraphEditor editor, GraphNode node) => node.Operator is "aten::linear" or "aten::addmm" or "aten::mm" or "aten::convolution" or "aten::add" or "aten::sub" or "aten::mul" or "aten::mean"
        && node.References().Any(name => editor.Producer(name)?.FullName == "quantized_decomposed::dequantize_per_tensor");

    private sealed class SameCall : IEqualityComparer<(int Scope, GraphNode Node)>
    {
        public static SameCall Instance { get; } = new();

        public bool Equals((int Scope, GraphNode Node) left, (int Scope, GraphNode Node) right) => left.Scope == right.Scope && left.Node.Operator == right.Node.Operator
            && left.Node.Overload == right.Node.Overload && left.Node.Outputs.Length == right.Node.Outputs.Length
            && left.Node.Arguments.AsSpan().SequenceEqual(right.Node.Arguments.AsSpan());

        public int GetHashCode((int Scope, GraphNode Node) item)
        {
            var hash = HashCode.Combine(item.Scope, item.Node.Operator, item.Node.Overload);
            foreach (var argument in item.Node.Arguments)
            {
                hash = HashCode.Combine(hash, argument.Value);
            }

            return hash;
        }
    }
}
