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
        "torchao::choose_qparams_affine", "torchao::quantize_affine", "torchao::dequantize_affine", "quantized_decomposed::dequantize_per_channel_group",
    ];

    private static readonly HashSet<string> s_moves = new(StringComparer.Ordinal)
    {
        "aten::view_copy", "aten::reshape", "aten::_unsafe_view", "aten::unsqueeze_copy", "aten::squeeze_copy", "aten::flatten", "aten::permute_copy",
        "aten::transpose_copy", "aten::t_copy", "aten::slice_copy", "aten::select_copy", "aten::split_with_sizes_copy", "aten::split_copy",
        "aten::unbind_copy", "aten::alias_copy", "aten::clone", "aten::contiguous", "aten::detach_copy", "aten::lift_fresh_copy",
        "dim_order_ops::_clone_dim_order", "dim_order_ops::_to_dim_order_copy",
    };

    /// <summary>Whether an operator only moves elements, so that it does with codes what it does with the numbers that they stand for.</summary>
    public static bool Moves(string name) => s_moves.Contains(name);

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

    private static string Explain(GraphNode node) => $"XNNPACK payloads have no node for {node.FullName}";

    /// <summary>Whether an operator quantises or dequantises.</summary>
    public static bool IsQuantised(string name) =>
        name.StartsWith("quantized_decomposed::", StringComparison.Ordinal) || name.StartsWith("torchao::", StringComparison.Ordinal);

    private static Dictionary<string, Action<OperatorNode>> Create()
    {
        var table = new Dictionary<string, Action<OperatorNode>>(StringComparer.Ordinal);
        QuantisationOperators.Register(table);
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
