using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>Strides and dim orders of tensors that do not exist yet.</summary>
internal static class Layouts
{
    private static readonly ImmutableArray<byte> ChannelsLast2d = [0, 2, 3, 1];
    private static readonly ImmutableArray<byte> ChannelsLast3d = [0, 2, 3, 4, 1];

    /// <summary>A contiguous tensor.</summary>
    public static TensorSpec Contiguous(ScalarType type, ImmutableArray<SymbolicInt> sizes) => new(type, sizes, Identity(sizes.Length));

    /// <summary>A dense tensor in a dim order that fits its rank; contiguous if it does not.</summary>
    public static TensorSpec Dense(ScalarType type, ImmutableArray<SymbolicInt> sizes, ImmutableArray<byte> dimOrder) =>
        new(type, sizes, dimOrder.Length == sizes.Length ? dimOrder : Identity(sizes.Length));

    /// <summary>The dim order of a memory format; null for one that depends on the input.</summary>
    public static ImmutableArray<byte>? OfFormat(string? format, int rank) => format switch
    {
        "contiguous_format" => Identity(rank),
        "channels_last" => ChannelsLast2d,
        "channels_last_3d" => ChannelsLast3d,
        _ => null,
    };

    /// <summary>Whether a tensor of four or five dimensions keeps its channels last.</summary>
    public static bool IsChannelsLast(TensorSpec spec) =>
        spec.Rank is 4 or 5 && spec.Strides.IsDefault && spec.DimOrder.AsSpan().SequenceEqual((spec.Rank == 4 ? ChannelsLast2d : ChannelsLast3d).AsSpan());

    /// <summary>Whether elements lie one after another in the order of the dimensions.</summary>
    public static bool IsContiguous(TensorSpec spec) => spec.Strides.IsDefault && TensorShapes.IsContiguous(spec.DimOrder.AsSpan());

    /// <summary>The stride of each dimension.</summary>
    public static ImmutableArray<SymbolicInt> StridesOf(TensorSpec spec) => spec.Strides.IsDefault ? DenseStrides(spec.Sizes, spec.DimOrder) : spec.Strides;

    /// <summary>The spec of a view: strides are named only where no dim order gives them.</summary>
    public static TensorSpec View(TensorSpec source, ImmutableArray<SymbolicInt> sizes, ImmutableArray<SymbolicInt> strides, SymbolicInt? offset = null)
    {
        var order = Identity(sizes.Length);
        if (!Follows(sizes, strides, order))
        {
            order = [.. Enumerable.Range(0, sizes.Length).OrderByDescending(dim => strides[dim].Maximum).Select(dim => (byte)dim)];
        }

        var spec = new TensorSpec(source.ScalarType, sizes, order) { StorageOffset = offset ?? source.StorageOffset };
        return Follows(sizes, strides, order) ? spec : spec with { Strides = strides };
    }

    /// <summary>The spec of an element-wise result: operands of its size decide the dim order, the first one first.</summary>
    public static TensorSpec Elementwise(ScalarType type, ImmutableArray<SymbolicInt> sizes, params ReadOnlySpan<TensorSpec?> operands)
    {
        var rank = sizes.Length;
        var strides = new List<SymbolicInt[]>();
        foreach (var operand in operands)
        {
            if (operand is null || operand.Rank == 0)
            {
                continue;
            }

            var own = StridesOf(operand);
            var padded = new SymbolicInt[rank];
            for (var dim = 0; dim < rank; dim++)
            {
                var at = dim - rank + operand.Rank;
                padded[dim] = at < 0 || (operand.Sizes[at] is { IsConstant: true, Value: 1 } && !sizes[dim].IsSameAs(1)) ? 0 : own[at];
            }

            strides.Add(padded);
        }

        // Insertion sort over dimensions, fastest first, as a tensor iterator orders its loops; dimensions that no operand orders stay.
        var order = Enumerable.Range(0, rank).Reverse().ToArray();
        for (var i = 1; i < rank; i++)
        {
            var at = i;
            for (var j = i - 1; j >= 0; j--)
            {
                var comparison = Compare(strides, sizes, order[j], order[at]);
                if (comparison > 0)
                {
                    (order[j], order[at]) = (order[at], order[j]);
                    at = j;
                }
                else if (comparison < 0)
                {
                    break;
                }
            }
        }

        return View(Contiguous(type, sizes), sizes, DenseStrides(sizes, [.. order.Reverse().Select(dim => (byte)dim)]));
    }

    /// <summary>The strides of a dense tensor.</summary>
    public static ImmutableArray<SymbolicInt> DenseStrides(ImmutableArray<SymbolicInt> sizes, ImmutableArray<byte> dimOrder)
    {
        var strides = new SymbolicInt[sizes.Length];
        SymbolicInt stride = 1;
        for (var i = sizes.Length - 1; i >= 0; i--)
        {
            strides[dimOrder[i]] = stride;
            stride *= SymbolicInt.Max(sizes[dimOrder[i]], 1);
        }

        return [.. strides];
    }

    /// <summary>The strides of a view of other sizes over the same elements; null if only a copy can have them.</summary>
    public static ImmutableArray<SymbolicInt>? Reshaped(TensorSpec source, ImmutableArray<SymbolicInt> sizes)
    {
        if (IsContiguous(source) || source.Rank == 0)
        {
            return DenseStrides(sizes, Identity(sizes.Length));
        }

        var old = StridesOf(source);
        var strides = new SymbolicInt[sizes.Length];
        var viewDim = sizes.Length - 1;
        SymbolicInt tensorCount = 1, viewCount = 1;
        var chunkStride = old[^1];
        for (var dim = source.Rank - 1; dim >= 0; dim--)
        {
            tensorCount *= source.Sizes[dim];
            if (dim != 0 && (source.Sizes[dim - 1].IsSameAs(1) || old[dim - 1].IsSameAs(tensorCount * chunkStride)))
            {
                continue;
            }

            while (viewDim >= 0 && (!viewCount.IsSameAs(tensorCount) || sizes[viewDim].IsSameAs(1)))
            {
                strides[viewDim] = viewCount * chunkStride;
                viewCount *= sizes[viewDim--];
            }

            if (!viewCount.IsSameAs(tensorCount))
            {
                return null;
            }

            if (dim > 0)
            {
                (chunkStride, tensorCount, viewCount) = (old[dim - 1], 1, 1);
            }
        }

        return viewDim < 0 ? [.. strides] : null;
    }

    private static int Compare(List<SymbolicInt[]> operands, ImmutableArray<SymbolicInt> sizes, int left, int right)
    {
        foreach (var strides in operands)
        {
            var (a, b) = (strides[left], strides[right]);
            if (a.IsSameAs(0) || b.IsSameAs(0))
            {
                continue;
            }

            if (!a.IsSameAs(b))
            {
                return a.Maximum < b.Maximum || (a.Maximum == b.Maximum && a.Minimum < b.Minimum) ? -1 : 1;
            }

            if (sizes[left].Minimum > sizes[right].Maximum)
            {
                return 1;
            }
        }

        return 0;
    }

    // Dimensions of size 1 may have any stride.
    private static bool Follows(ImmutableArray<SymbolicInt> sizes, ImmutableArray<SymbolicInt> strides, ImmutableArray<byte> order)
    {
        var dense = DenseStrides(sizes, order);
        for (var dim = 0; dim < sizes.Length; dim++)
        {
            if (!sizes[dim].IsSameAs(1) && !dense[dim].IsSameAs(strides[dim]))
            {
                return false;
            }
        }

        return true;
    }

    private static ImmutableArray<byte> Identity(int rank) => [.. Enumerable.Range(0, rank).Select(dim => (byte)dim)];
}
