using Tandem.Plugins.Cpu.Lowering.Operators;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering;

/// <summary>How operators become nodes of a payload.</summary>
internal static class OperatorTable
{
    private static readonly Dictionary<string, Action<OperatorNode>> s_lowerings = Create();

    /// <summary>Operators that are to arrive whole, because a payload says more, or says it better, than their decomposition.</summary>
    public static IReadOnlyList<string> Preserved { get; } =
    [
        "aten::linear", "aten::matmul", "aten::scaled_dot_product_attention", "aten::hardswish", "aten::prelu", "aten::max_pool2d", "aten::avg_pool2d",
        "aten::upsample_bilinear2d.vec", "aten::upsample_nearest2d.vec", "aten::pixel_shuffle",
    ];

    /// <summary>Adds a node to a payload.</summary>
    /// <param name="node">The node.</param>
    /// <param name="scope">Its tensors, and the payload; gets the results.</param>
    /// <param name="isUsed">Whether something reads a value.</param>
    /// <exception cref="LoweringRefusal">A payload cannot express the node.</exception>
    public static void Lower(GraphNode node, LoweringScope scope, Func<string, bool> isUsed)
    {
        if (!s_lowerings.TryGetValue(node.FullName, out var lower))
        {
            throw new LoweringRefusal(Explain(node));
        }

        if (node.Outputs.Length == 0)
        {
            throw new LoweringRefusal("the operator has no result");
        }

        scope.Writer.DebugHandle = node.DebugHandle;
        lower(new OperatorNode(node, scope, isUsed));
    }

    private static string Explain(GraphNode node) => IsQuantised(node.Operator)
        ? $"{node.FullName} belongs to a quantised pattern; this plugin writes float payloads"
        : $"XNNPACK payloads have no node for {node.FullName}";

    /// <summary>Whether an operator quantises or dequantises.</summary>
    public static bool IsQuantised(string name) =>
        name.StartsWith("quantized_decomposed::", StringComparison.Ordinal) || name.StartsWith("torchao::", StringComparison.Ordinal);

    private static Dictionary<string, Action<OperatorNode>> Create()
    {
        var table = new Dictionary<string, Action<OperatorNode>>(StringComparer.Ordinal);
        UnaryOperators.Register(table);
        BinaryOperators.Register(table);
        MatrixOperators.Register(table);
        ConvolutionOperators.Register(table);
        PoolingOperators.Register(table);
        ViewOperators.Register(table);
        MovingOperators.Register(table);
        NormalizationOperators.Register(table);
        ReductionOperators.Register(table);
        ResizeOperators.Register(table);
        return table;
    }
}
