using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>Arithmetic that the rules share.</summary>
internal static class ShapeRules
{
    public static bool SameSizes(ImmutableArray<SymbolicInt> left, ImmutableArray<SymbolicInt> right)
    {
        for (var i = 0; i < left.Length; i++)
        {
            if (left.Length != right.Length || !left[i].IsSameAs(right[i]))
            {
                return false;
            }
        }

        return left.Length == right.Length;
    }

    public static bool IsOne(SymbolicInt size) => size is { IsConstant: true, Value: 1 };

    /// <summary>The sizes of an element-wise result.</summary>
    public static ImmutableArray<SymbolicInt> Broadcast(OperatorArguments call, params ReadOnlySpan<TensorSpec?> operands)
    {
        ImmutableArray<SymbolicInt> sizes = [];
        foreach (var operand in operands)
        {
            sizes = operand is null ? sizes : Broadcast(call, sizes, operand.Sizes);
        }

        return sizes;
    }

    public static ImmutableArray<SymbolicInt> Broadcast(OperatorArguments call, ImmutableArray<SymbolicInt> left, ImmutableArray<SymbolicInt> right)
    {
        var (more, less) = left.Length >= right.Length ? (left, right) : (right, left);
        var result = more.ToBuilder();
        for (var i = 1; i <= less.Length; i++)
        {
            var (a, b) = (more[^i], less[^i]);
            result[^i] = IsOne(b) || a.IsSameAs(b) ? a : IsOne(a) ? b
                : throw call.Refuse("sizes do not broadcast", "equal sizes, or 1, from the last dimension", $"{Text(left)} and {Text(right)}");
        }

        return result.ToImmutable();
    }

    /// <summary>Number of elements.</summary>
    public static SymbolicInt Count(IEnumerable<SymbolicInt> sizes) => sizes.Aggregate((SymbolicInt)1, (product, size) => product * size);

    /// <summary>The dimensions that a reduction works on: all of them where none are named.</summary>
    public static bool[] Marked(OperatorArguments call, ImmutableArray<long>? dims, int rank)
    {
        var marked = new bool[Math.Max(rank, 1)];
        if (dims is not { Length: > 0 })
        {
            Array.Fill(marked, true);
            return marked;
        }

        foreach (var dim in dims)
        {
            ref var mark = ref marked[call.Dim(dim, rank)];
            mark = !mark ? true : throw call.Refuse("a dimension is named twice", "each dimension once", $"{dim}");
        }

        return marked;
    }

    public static ImmutableArray<SymbolicInt> Reduced(ImmutableArray<SymbolicInt> sizes, bool[] marked, bool keep) =>
        [.. sizes.Select((size, dim) => marked[dim] ? (keep ? 1 : null) : size).OfType<SymbolicInt>()];

    public static ImmutableArray<SymbolicInt> With(ImmutableArray<SymbolicInt> sizes, int dim, SymbolicInt size) => sizes.Length == 0 ? sizes : sizes.SetItem(dim, size);

    public static string Text(ImmutableArray<SymbolicInt> sizes) => $"[{string.Join(", ", sizes)}]";

    public static void CheckSame(OperatorArguments call, string what, SymbolicInt expected, SymbolicInt found)
    {
        if (!expected.IsSameAs(found))
        {
            throw call.Refuse($"{what} does not fit", expected.ToString(), found.ToString());
        }
    }

    public static void CheckSizes(OperatorArguments call, string name, TensorSpec? tensor, params ImmutableArray<SymbolicInt> expected)
    {
        if (tensor is not null && !SameSizes(tensor.Sizes, expected))
        {
            throw call.Refuse($"'{name}' has the wrong shape", Text(expected), Text(tensor.Sizes));
        }
    }

    public static void CheckRank(OperatorArguments call, string name, TensorSpec tensor, params ReadOnlySpan<int> ranks)
    {
        if (!ranks.Contains(tensor.Rank))
        {
            throw call.Refuse($"'{name}' has the wrong number of dimensions", string.Join(" or ", ranks.ToArray()), tensor.ToString());
        }
    }

    /// <summary>Refuses tensors of different element types, as operators do that promote nothing.</summary>
    public static void CheckType(OperatorArguments call, string name, TensorSpec? tensor, ScalarType expected)
    {
        if (tensor is not null && tensor.ScalarType != expected)
        {
            throw call.Refuse($"'{name}' has another element type", expected.TorchName(), tensor.ScalarType.TorchName());
        }
    }
}
