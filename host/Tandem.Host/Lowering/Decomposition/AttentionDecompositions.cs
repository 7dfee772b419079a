using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>Attention as two products and a softmax. Grouped queries meet their keys without copying them.</summary>
internal static class AttentionDecompositions
{
    internal static void Register(DecompositionTable table) => table.Add("aten::scaled_dot_product_attention", Attention);

    /// <summary>A softmax whose rows of nothing but minus infinity give zeros.</summary>
    internal static GraphValue SafeSoftmax(GraphEditor editor, GraphValue scores, int dim)
    {
        var isMasked = editor.Call("aten::eq.Scalar", editor.Amax(scores, [dim], keeps: true), double.NegativeInfinity);
        return editor.Where(isMasked, editor.Scalar(0, scores.Tensor!.ScalarType), editor.Softmax(scores, dim));
    }

    private static GraphValue Attention(GraphEditor editor, OperatorCall call)
    {
        var (query, key, value, mask) = (call.Tensor("query"), call.Tensor("key"), call.Tensor("value"), call.OptionalTensor("attn_mask"));
        var (q, k, v) = (query.Tensor!, key.Tensor!, value.Tensor!);
        if (call.Double("dropout_p") > 0)
        {
            throw call.Refuse("its dropout is random; export the model in evaluation mode");
        }

        var scale = call.OptionalDouble("scale") ?? (q.Sizes[^1].IsConstant ? 1 / Math.Sqrt(q.Sizes[^1].Value) : throw call.Refuse("the size of the heads is not known ahead of time"));
        var scaled = scale == 1 ? query : editor.Mul(query, scale);
        var keys = editor.Transpose(key, k.Rank - 2, k.Rank - 1);
        SymbolicInt[] scoreSizes = [.. q.Sizes.Take(q.Rank - 1), k.Sizes[^2]];
        var isGrouped = q.Rank > 2 && k.Rank == q.Rank && !q.Sizes[^3].IsSameAs(k.Sizes[^3]) && q.Sizes[^3].IsConstant && k.Sizes[^3] is { IsConstant: true, Value: > 1 };
        isGrouped |= q.Rank > 2 && k.Rank == q.Rank && call.Schema!.Find("enable_gqa") is not null && call.Bool("enable_gqa") && !q.Sizes[^3].IsSameAs(k.Sizes[^3]);
        // Heads that share keys become rows of one matrix: [batch, kv heads, group * length, head size].
        SymbolicInt[] grouped = isGrouped ? [.. q.Sizes.Take(q.Rank - 3), k.Sizes[^3], q.Sizes[^3] / k.Sizes[^3] * q.Sizes[^2]] : [];
        var scores = LinearAlgebraDecompositions.MatMul(editor, isGrouped ? editor.Reshape(scaled, [.. grouped, q.Sizes[^1]]) : scaled, keys);
        scores = isGrouped ? editor.Reshape(scores, scoreSizes) : scores;
        if (call.Bool("is_causal"))
        {
            var type = scores.Tensor!.ScalarType;
            var distance = editor.Sub(editor.Arange(editor.Size(key, k.Rank - 2)), editor.Unsqueeze(editor.Arange(editor.Size(query, q.Rank - 2)), 1));
            var bias = editor.Where(editor.Call("aten::le.Scalar", distance, 0), editor.Scalar(0.0, type), editor.Scalar(double.NegativeInfinity, type));
            scores = editor.Add(scores, bias);
        }

        if (mask is not null)
        {
            var type = scores.Tensor!.ScalarType;
            var bias = mask.Tensor!.ScalarType != ScalarType.Bool ? mask
                : editor.Where(mask, editor.Scalar(0.0, type), editor.Scalar(double.NegativeInfinity, type));
            scores = editor.Add(scores, bias);
        }

        var dim = scores.Tensor!.Rank - 1;
        var weights = mask is null ? editor.Softmax(scores, dim) : SafeSoftmax(editor, scores, dim);
        if (!isGrouped)
        {
            return LinearAlgebraDecompositions.MatMul(editor, weights, value);
        }

        var result = LinearAlgebraDecompositions.MatMul(editor, editor.Reshape(weights, [.. grouped, k.Sizes[^2]]), value);
        return editor.Reshape(result, [.. q.Sizes.Take(q.Rank - 1), v.Sizes[^1]]);
    }
}
