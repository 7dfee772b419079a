using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>Sizes of tensors, as decompositions reckon with them.</summary>
internal static class Sizes
{
    public static SymbolicInt Product(ReadOnlySpan<SymbolicInt> sizes)
    {
        SymbolicInt product = 1;
        foreach (var size in sizes)
        {
            product *= size;
        }

        return product;
    }

    public static bool AreSame(ReadOnlySpan<SymbolicInt> left, ReadOnlySpan<SymbolicInt> right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        for (var i = 0; i < left.Length; i++)
        {
            if (!left[i].IsSameAs(right[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A size that must be a number.</summary>
    public static long Known(OperatorCall call, SymbolicInt size) => size.IsConstant ? size.Value : throw call.Refuse($"it needs a size that is known ahead of time, not {size}");

    /// <summary>One number for all dimensions, or one for each.</summary>
    public static long[] Spread(long[] values, int count) => values.Length == 1 ? [.. Enumerable.Repeat(values[0], count)] : values;

    /// <summary>The sizes to which tensors broadcast.</summary>
    public static SymbolicInt[] Broadcast(OperatorCall call, params ReadOnlySpan<ImmutableArray<SymbolicInt>> tensors)
    {
        var rank = 0;
        foreach (var tensor in tensors)
        {
            rank = Math.Max(rank, tensor.Length);
        }

        var sizes = new SymbolicInt[rank];
        Array.Fill(sizes, (SymbolicInt)1);
        foreach (var tensor in tensors)
        {
            for (var i = 0; i < tensor.Length; i++)
            {
                ref var size = ref sizes[rank - tensor.Length + i];
                var other = tensor[i];
                size = size is { IsConstant: true, Value: 1 } ? other : other is { IsConstant: true, Value: 1 } || size.IsSameAs(other) || size.IsConstant ? size : other;
                if (size.IsConstant && other.IsConstant && size.Value != other.Value && other.Value != 1)
                {
                    throw call.Refuse($"sizes {size} and {other} do not broadcast");
                }
            }
        }

        return sizes;
    }

    /// <summary>The sizes of a view: one of them may be -1.</summary>
    public static SymbolicInt[] OfView(OperatorCall call, TensorSpec spec, GraphArgument[] requested)
    {
        var inferred = Array.FindIndex(requested, size => size is GraphArgument.Int { Value: -1 });
        SymbolicInt[] sizes = [.. requested.Select((size, i) => i == inferred ? 1 : call.Size(size))];
        if (inferred < 0)
        {
            return sizes;
        }

        // Sizes that stand on both sides cancel before anything is multiplied.
        var (above, below) = (spec.Sizes.ToList(), sizes.Where((_, i) => i != inferred).ToList());
        for (var i = below.Count - 1; i >= 0; i--)
        {
            var twin = above.FindIndex(size => size.IsSameAs(below[i]));
            if (twin >= 0 && below[i] is not { IsConstant: true, Value: 0 })
            {
                above.RemoveAt(twin);
                below.RemoveAt(i);
            }
        }

        var divisor = Product([.. below]);
        sizes[inferred] = divisor.Minimum <= 0 ? (divisor.IsConstant ? 0 : throw call.Refuse("the size that it infers is not known ahead of time")) : Product([.. above]) / divisor;
        return sizes;
    }
}
