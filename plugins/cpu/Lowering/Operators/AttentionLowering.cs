using Tandem.Plugins.Cpu.Lowering.Constants;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Operators;

/// <summary>Scaled dot-product attention as products and a softmax: no payload runs the fused node.</summary>
internal static class AttentionLowering
{
    private const long MaxMaskElements = 1 << 20;

    public static void Lower(OperatorNode node)
    {
        var writer = node.Writer;
        var (query, key, value) = (node.Single("query"), node.Single("key"), node.Single("value"));
        var mask = node.OptionalSingle("attn_mask");
        var rank = query.Rank;
        if (node.Number("dropout_p", 0) != 0 || rank < 3 || key.Rank != rank || value.Rank != rank || !query.Sizes[^1].IsConstant)
        {
            throw new LoweringRefusal("dropout, operands of unequal rank, or a head size that is known at run time only");
        }

        var heads = query.Sizes[^3];
        var isGrouped = node.Bool("enable_gqa") && heads != key.Sizes[^3];
        if (isGrouped)
        {
            (query, key, value) = Group(writer, query, key, value);
            mask = mask is null ? null : GroupMask(writer, mask, query, heads);
        }

        var scale = node.Number("scale", 1 / Math.Sqrt(query.Sizes[^1].Value));
        var scores = MatrixOperators.Multiply(writer, UnaryOperators.Scale(writer, PayloadNodeKind.Multiply, query, scale), Swap(key));
        if (node.Bool("is_causal"))
        {
            scores = Broadcast.Binary(writer, PayloadNodeKind.Add, scores, Causal(scores), scores.Sizes);
        }

        LoweredTensor weights;
        if (mask is null)
        {
            weights = Softmax(writer, scores, scores.Rank - 1);
        }
        else
        {
            scores = Broadcast.Binary(writer, PayloadNodeKind.Add, scores, mask, scores.Sizes);
            weights = SafeSoftmax(writer, scores);
        }

        var result = MatrixOperators.Multiply(writer, weights, value);
        node.Set(isGrouped ? Views.Reshape(writer, result, node.Sizes) : result);
    }

    /// <summary>Softmax over a dimension.</summary>
    public static LoweredTensor Softmax(GraphWriter writer, LoweredTensor self, int dimension)
    {
        var form = self.NativeForm;
        if (form[^1] != dimension)
        {
            form = dimension == self.Rank - 1 ? TensorStorage.Identity(self.Rank) : [.. form.Where(i => i != dimension), dimension];
        }

        return writer.AddNode(PayloadNodeKind.Softmax, [writer.Read(self, form)], self.Type, self.Sizes, form);
    }

    /// <summary>Softmax whose result is 0, not NaN, in rows that are masked wholly: what PyTorch's attention gives.</summary>
    private static LoweredTensor SafeSoftmax(GraphWriter writer, LoweredTensor scores)
    {
        // Raised to the least finite number, masked scores still weigh nothing beside any other. Halved, only a masked score lies below half of that
        // number: the clamp gives one of two numbers, and the difference is 0 for masked scores and 1 for all others.
        var finite = UnaryOperators.Apply(writer, PayloadNodeKind.Clamp, scores, minimum: float.MinValue);
        var half = UnaryOperators.Scale(writer, PayloadNodeKind.Multiply, scores, 0.5);
        var level = UnaryOperators.Apply(writer, PayloadNodeKind.Clamp, half, minimum: float.MinValue, maximum: float.MinValue / 2);
        var isOpen = UnaryOperators.Scale(
            writer, PayloadNodeKind.Div, UnaryOperators.Scale(writer, PayloadNodeKind.Subtract, level, float.MinValue), float.MaxValue / 2);
        return Broadcast.Binary(writer, PayloadNodeKind.Multiply, Softmax(writer, finite, finite.Rank - 1), isOpen, scores.Sizes);
    }

    private static LoweredTensor Causal(LoweredTensor scores)
    {
        var (rows, columns) = (scores.Sizes[^2], scores.Sizes[^1]);
        if (!rows.IsConstant || !columns.IsConstant || rows.Value * columns.Value > MaxMaskElements)
        {
            throw new LoweringRefusal($"a causal mask of [{rows}, {columns}]; it is made ahead of time, for known sizes and at most {MaxMaskElements} elements");
        }

        var (height, width) = ((int)rows.Value, (int)columns.Value);
        return new LoweredTensor(ConstantTensor.Compute("causal mask", scores.Type.Scalar, [height, width], () =>
        {
            var mask = new float[height * width];
            for (var i = 0; i < mask.Length; i++)
            {
                mask[i] = i % width > i / width ? float.NegativeInfinity : 0;
            }

            return mask;
        }));
    }

    private static LoweredTensor Swap(LoweredTensor tensor) =>
        tensor.Permute([.. Enumerable.Range(0, tensor.Rank - 2), tensor.Rank - 1, tensor.Rank - 2]);

    // Heads that share a key become a dimension of their own, over which keys and values are broadcast.
    private static (LoweredTensor Query, LoweredTensor Key, LoweredTensor Value) Group(
        GraphWriter writer, LoweredTensor query, LoweredTensor key, LoweredTensor value)
    {
        var (heads, groups) = (query.Sizes[^3], key.Sizes[^3]);
        if (!heads.IsConstant || !groups.IsConstant || heads.Value % groups.Value != 0)
        {
            throw new LoweringRefusal($"{heads} heads of queries over {groups} of keys");
        }

        SymbolicInt[] sizes = [.. query.Sizes[..^3], groups, heads.Value / groups.Value, .. query.Sizes[^2..]];
        return (Views.Reshape(writer, query, sizes), Views.Unsqueeze(writer, key, key.Rank - 2), Views.Unsqueeze(writer, value, value.Rank - 2));
    }

    private static LoweredTensor GroupMask(GraphWriter writer, LoweredTensor mask, LoweredTensor query, SymbolicInt heads)
    {
        if (mask.Rank < 3 || Views.IsOne(mask.Sizes[^3]))
        {
            return mask.Rank < 3 ? mask : Views.Unsqueeze(writer, mask, mask.Rank - 2);
        }

        return mask.Sizes[^3] == heads
            ? Views.Reshape(writer, mask, [.. mask.Sizes[..^3], query.Sizes[^4], query.Sizes[^3], .. mask.Sizes[^2..]])
            : throw new LoweringRefusal("a mask of other heads than the query's");
    }
}
