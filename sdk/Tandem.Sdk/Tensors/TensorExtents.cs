using System.Runtime.InteropServices;

namespace Tandem.Sdk;

/// <summary>
/// Sizes, dim order and what follows from them. One belongs to each layout, never changes, and is shared by the views of static shape; a view whose shape
/// changes has a copy of its own.
/// </summary>
internal sealed class TensorExtents
{
    internal TensorExtents(TensorLayout layout)
    {
        // The layout's own arrays: nobody writes to a layout's extents.
        Sizes = ImmutableCollectionsMarshal.AsArray(layout.Sizes)!;
        DimOrder = ImmutableCollectionsMarshal.AsArray(layout.DimOrder)!;
        Strides = new long[Sizes.Length];
        IsContiguous = TensorShapes.IsContiguous(DimOrder);
        MaxElementCount = layout.ElementCount;
        ElementCount = layout.ElementCount;
        TensorShapes.FillStrides(Sizes, DimOrder, Strides);
    }

    private TensorExtents(TensorExtents other)
    {
        Sizes = [.. other.Sizes];
        Strides = [.. other.Strides];
        DimOrder = [.. other.DimOrder];
        IsContiguous = other.IsContiguous;
        ElementCount = other.ElementCount;
        MaxElementCount = other.MaxElementCount;
    }

    internal int[] Sizes { get; }

    internal long[] Strides { get; }

    internal byte[] DimOrder { get; }

    internal bool IsContiguous { get; private set; }

    internal long ElementCount { get; private set; }

    internal long MaxElementCount { get; }

    internal TensorExtents Copy() => new(this);

    /// <summary>Changes the sizes of a copy.</summary>
    internal void SetSizes(ReadOnlySpan<int> sizes, long elementCount)
    {
        sizes.CopyTo(Sizes);
        ElementCount = elementCount;
        TensorShapes.FillStrides(Sizes, DimOrder, Strides);
    }

    /// <summary>Changes the dim order of a copy.</summary>
    internal void SetDimOrder(ReadOnlySpan<byte> dimOrder)
    {
        dimOrder.CopyTo(DimOrder);
        IsContiguous = TensorShapes.IsContiguous(DimOrder);
        TensorShapes.FillStrides(Sizes, DimOrder, Strides);
    }
}
