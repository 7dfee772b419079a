using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>Products of matrices, and attention.</summary>
internal static class MatMulRules
{
    public static void Register(Action<ShapeInference.Rule, string> add)
    {
        add(Linear, "linear");
        add(MatMul, "matmul mm bmm mv dot vdot inner");
        add(AddMatMul, "addmm baddbmm addmv");
        add(Outer, "outer ger");
        add(Einsum, "einsum");
        add(Distance, "cdist _cdist_forward");
        add(Cosine, "cosine_similarity");
        add(Attention, "scaled_dot_product_attention");
        add(Bilinear, "bilinear");
    }

    private static ImmutableArray<InferredValue> Linear(OperatorArguments call)
    {
        var (input, weight, bias) = (call.Tensor("input"), call.Tensor("weight"), call.OptionalTensor("bias"));
        ShapeRules.CheckRank(call, "weight", weight, 1, 2);
        ShapeRules.CheckType(call, "weight", weight, input.ScalarType);
        ShapeRules.CheckType(call, "bias", bias, input.ScalarType);
        if (input.Rank == 0)
        {
            throw call.Refuse("'input' has no features", "1 or more dimensions", input.ToString());
        }

        ShapeRules.CheckSame(call, "the last dimension of 'input'", weight.Sizes[^1], input.Sizes[^1]);
        ImmutableArray<SymbolicInt> sizes = weight.Rank == 1 ? input.Sizes[..^1] : [.. input.Sizes[..^1], weight.Sizes[0]];
        if (bias is not null && !ShapeRules.SameSizes(ShapeRules.Broadcast(call, sizes, bias.Sizes), sizes))
        {
            throw call.Refuse("'bias' has the wrong shape", $"[{(weight.Rank == 2 ? weight.Sizes[0] : "")}]", bias.ToString());
        }

        return [Layouts.Contiguous(input.ScalarType, sizes)];
    }

    private static ImmutableArray<InferredValue> MatMul(OperatorArguments call)
    {
        var (left, right) = (call.Tensor("self"), call.Tensor(call.Schema.Parameters[1].Name));
        ShapeRules.CheckType(call, call.Schema.Parameters[1].Name, right, left.ScalarType);
        switch (call.Operator)
        {
            case "aten::mm":
                ShapeRules.CheckRank(call, "self", left, 2);
                ShapeRules.CheckRank(call, "mat2", right, 2);
                break;
            case "aten::bmm":
                ShapeRules.CheckRank(call, "self", left, 3);
                ShapeRules.CheckRank(call, "mat2", right, 3);
                ShapeRules.CheckSame(call, "the batch of 'mat2'", left.Sizes[0], right.Sizes[0]);
                break;
        }

        return [Layouts.Contiguous(left.ScalarType, Product(call, left.Sizes, right.Sizes))];
    }

    private static ImmutableArray<SymbolicInt> Product(OperatorArguments call, ImmutableArray<SymbolicInt> left, ImmutableArray<SymbolicInt> right)
    {
        if (left.IsEmpty || right.IsEmpty)
        {
            throw call.Refuse("a scalar is no matrix", "1 or more dimensions", $"{ShapeRules.Text(left)} and {ShapeRules.Text(right)}");
        }

        var (inner, outer) = (left[^1], right.Length == 1 ? right[0] : right[^2]);
        if (!inner.IsSameAs(outer))
        {
            throw call.Refuse("the inner dimensions differ", $"{inner} of {ShapeRules.Text(left)}", $"{outer} of {ShapeRules.Text(right)}");
        }

        var batch = ShapeRules.Broadcast(call, left.Length > 2 ? left[..^2] : [], right.Length > 2 ? right[..^2] : []);
        batch = left.Length > 1 ? batch.Add(left[^2]) : batch;
        return right.Length > 1 ? batch.Add(right[^1]) : batch;
    }

    private static ImmutableArray<InferredValue> AddMatMul(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var (left, right) = (call.Tensor(call.Schema.Parameters[1].Name), call.Tensor(call.Schema.Parameters[2].Name));
        ShapeRules.CheckType(call, call.Schema.Parameters[2].Name, right, left.ScalarType);
        var rank = call.Operator == "aten::baddbmm" ? 3 : 2;
        ShapeRules.CheckRank(call, call.Schema.Parameters[1].Name, left, rank);
        ShapeRules.CheckRank(call, call.Schema.Parameters[2].Name, right, call.Operator == "aten::addmv" ? 1 : rank);
        var sizes = Product(call, left.Sizes, right.Sizes);
        return ShapeRules.SameSizes(ShapeRules.Broadcast(call, sizes, self.Sizes), sizes) ? [Layouts.Contiguous(left.ScalarType, sizes)]
            : throw call.Refuse("'self' does not broadcast to the product", ShapeRules.Text(sizes), self.ToString());
    }

    private static ImmutableArray<InferredValue> Outer(OperatorArguments call)
    {
        var (self, other) = (call.Tensor("self"), call.Tensor("vec2"));
        ShapeRules.CheckRank(call, "self", self, 1);
        ShapeRules.CheckRank(call, "vec2", other, 1);
        var promotion = new Promotion();
        promotion.Add(self);
        promotion.Add(other);
        return [Layouts.Contiguous(promotion.Result, [self.Sizes[0], other.Sizes[0]])];
    }

    private static ImmutableArray<InferredValue> Einsum(OperatorArguments call)
    {
        var tensors = call.Tensors("tensors");
        var equation = (call.Text("equation") ?? "").Replace(" ", "");
        var arrow = equation.IndexOf("->", StringComparison.Ordinal);
        var operands = (arrow < 0 ? equation : equation[..arrow]).Split(',');
        if (operands.Length != tensors.Length)
        {
            throw call.Refuse("the equation names another number of tensors", $"{tensors.Length}", equation);
        }

        var sizes = new SortedDictionary<char, SymbolicInt>();
        var uses = new Dictionary<char, int>();
        ImmutableArray<SymbolicInt> spread = [];
        for (var i = 0; i < operands.Length; i++)
        {
            var (text, tensor) = (operands[i], tensors[i]);
            var dots = text.IndexOf("...", StringComparison.Ordinal);
            var letters = text.Replace("...", "");
            if (!letters.All(char.IsAsciiLetter) || (dots < 0 ? letters.Length != tensor.Rank : letters.Length > tensor.Rank))
            {
                throw call.Refuse("the equation does not fit a tensor", $"'{text}'", tensor.ToString());
            }

            var wide = tensor.Rank - letters.Length;
            for (var at = 0; at < letters.Length; at++)
            {
                var letter = letters[at];
                var size = tensor.Sizes[dots >= 0 && at >= dots ? at + wide : at];
                uses[letter] = uses.GetValueOrDefault(letter) + 1;
                if (!sizes.TryGetValue(letter, out var known) || ShapeRules.IsOne(known))
                {
                    sizes[letter] = size;
                }
                else if (!known.IsSameAs(size) && !ShapeRules.IsOne(size))
                {
                    throw call.Refuse($"'{letter}' has two sizes", known.ToString(), size.ToString());
                }
            }

            spread = dots < 0 ? spread : ShapeRules.Broadcast(call, spread, tensor.Sizes[dots..(dots + wide)]);
        }

        var output = arrow >= 0 ? equation[(arrow + 2)..] : string.Concat("...", string.Concat(sizes.Keys.Where(letter => uses[letter] == 1)));
        var result = ImmutableArray.CreateBuilder<SymbolicInt>();
        for (var i = 0; i < output.Length; i++)
        {
            if (output.AsSpan(i).StartsWith("...", StringComparison.Ordinal))
            {
                result.AddRange(spread);
                i += 2;
            }
            else
            {
                result.Add(sizes.TryGetValue(output[i], out var size) ? size : throw call.Refuse("the equation names an unknown dimension", string.Join(", ", sizes.Keys), $"{output[i]}"));
            }
        }

        return [Layouts.Contiguous(tensors[0].ScalarType, result.ToImmutable())];
    }

    private static ImmutableArray<InferredValue> Distance(OperatorArguments call)
    {
        var (first, second) = (call.FloatTensor("x1"), call.FloatTensor("x2"));
        if (first.Rank < 2 || second.Rank < 2)
        {
            throw call.Refuse("points stand in rows", "2 or more dimensions", $"{first} and {second}");
        }

        ShapeRules.CheckSame(call, "the number of coordinates", first.Sizes[^1], second.Sizes[^1]);
        return [Layouts.Contiguous(first.ScalarType, [.. ShapeRules.Broadcast(call, first.Sizes[..^2], second.Sizes[..^2]), first.Sizes[^2], second.Sizes[^2]])];
    }

    private static ImmutableArray<InferredValue> Cosine(OperatorArguments call)
    {
        var (first, second) = (call.FloatTensor("x1"), call.FloatTensor("x2"));
        var sizes = ShapeRules.Broadcast(call, first, second);
        return [Layouts.Contiguous(first.ScalarType, sizes.RemoveAt(call.Dim("dim", sizes.Length)))];
    }

    private static ImmutableArray<InferredValue> Attention(OperatorArguments call)
    {
        var (query, key, value, mask) = (call.FloatTensor("query"), call.Tensor("key"), call.Tensor("value"), call.OptionalTensor("attn_mask"));
        ShapeRules.CheckType(call, "key", key, query.ScalarType);
        ShapeRules.CheckType(call, "value", value, query.ScalarType);
        if (query.Rank < 2 || key.Rank != query.Rank || value.Rank != query.Rank)
        {
            throw call.Refuse("query, key and value differ in their dimensions", "the same number, 2 or more", $"{query.Rank}, {key.Rank}, {value.Rank}");
        }

        ShapeRules.CheckSame(call, "the width of 'key'", query.Sizes[^1], key.Sizes[^1]);
        ShapeRules.CheckSame(call, "the length of 'value'", key.Sizes[^2], value.Sizes[^2]);
        ImmutableArray<SymbolicInt> batch = call.Bool("enable_gqa") ? query.Sizes[..^2] : ShapeRules.Broadcast(call, query.Sizes[..^2], key.Sizes[..^2]);
        if (mask is not null)
        {
            ImmutableArray<SymbolicInt> scores = [.. batch, query.Sizes[^2], key.Sizes[^2]];
            if (!ShapeRules.SameSizes(ShapeRules.Broadcast(call, scores, mask.Sizes), scores))
            {
                throw call.Refuse("'attn_mask' does not broadcast to the scores", ShapeRules.Text(scores), mask.ToString());
            }
        }

        return [Layouts.Contiguous(query.ScalarType, [.. batch, query.Sizes[^2], value.Sizes[^1]])];
    }

    private static ImmutableArray<InferredValue> Bilinear(OperatorArguments call)
    {
        var (first, weight) = (call.FloatTensor("input1"), call.Tensor("weight"));
        ShapeRules.CheckRank(call, "weight", weight, 3);
        return [Layouts.Contiguous(first.ScalarType, first.Sizes.SetItem(first.Rank - 1, weight.Sizes[0]))];
    }
}
