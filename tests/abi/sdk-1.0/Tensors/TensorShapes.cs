using System.Text;

namespace Tandem.Sdk;

/// <summary>Arithmetic of shapes that never overflows silently.</summary>
public static class TensorShapes
{
    /// <summary>Checks a shape and counts its elements and bytes.</summary>
    /// <param name="scalarType">Element type.</param>
    /// <param name="sizes">Size of each dimension.</param>
    /// <param name="dimOrder">A permutation of 0 to rank-1.</param>
    /// <returns>Element count and byte count.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.TensorInvalid"/>.</exception>
    public static (long ElementCount, long ByteCount) Measure(ScalarType scalarType, ReadOnlySpan<int> sizes, ReadOnlySpan<byte> dimOrder)
    {
        var elementSize = scalarType.Size();
        if (elementSize == 0)
        {
            throw Invalid("the element type is unknown", "a ScalarType code", ((int)scalarType).ToString());
        }

        if (sizes.Length > TensorLayout.MaxRank)
        {
            throw Invalid("the rank is over the limit", $"at most {TensorLayout.MaxRank} dimensions", sizes.Length.ToString());
        }

        if (dimOrder.Length != sizes.Length)
        {
            throw Invalid("sizes and dim order differ in length", $"{sizes.Length} entries", $"{dimOrder.Length} entries");
        }

        var seen = 0u;
        foreach (var dim in dimOrder)
        {
            if (dim >= sizes.Length || (seen & (1u << dim)) != 0)
            {
                throw Invalid("the dim order is not a permutation", $"each of 0 to {sizes.Length - 1} once", Join(dimOrder));
            }

            seen |= 1u << dim;
        }

        // A zero dimension makes the tensor empty, but must not hide an overflow of the others.
        long count = 1;
        var empty = false;
        foreach (var size in sizes)
        {
            if (size < 0)
            {
                throw Invalid("a size is negative", "0 or more", size.ToString());
            }

            empty |= size == 0;
            if (size != 0 && count > long.MaxValue / elementSize / size)
            {
                throw Invalid("the byte count overflows", "at most 2^63-1 bytes", Describe(scalarType, sizes, dimOrder));
            }

            count *= Math.Max(size, 1);
        }

        return empty ? (0, 0) : (count, count * elementSize);
    }

    /// <summary>Writes the strides, in elements, that follow from sizes and dim order.</summary>
    /// <param name="sizes">Size of each dimension.</param>
    /// <param name="dimOrder">Dimensions from the slowest to the fastest.</param>
    /// <param name="strides">Receives one stride a dimension.</param>
    public static void FillStrides(ReadOnlySpan<int> sizes, ReadOnlySpan<byte> dimOrder, Span<long> strides)
    {
        long stride = 1;
        for (var i = sizes.Length - 1; i >= 0; i--)
        {
            strides[dimOrder[i]] = stride;
            stride *= Math.Max(sizes[dimOrder[i]], 1);
        }
    }

    /// <summary>Whether a dim order is 0, 1, 2, ...</summary>
    /// <param name="dimOrder">Dimensions from the slowest to the fastest.</param>
    /// <returns>True for contiguous.</returns>
    public static bool IsContiguous(ReadOnlySpan<byte> dimOrder)
    {
        for (var i = 0; i < dimOrder.Length; i++)
        {
            if (dimOrder[i] != i)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>"float32 [2, 3]", with the dim order where it is not contiguous.</summary>
    /// <param name="scalarType">Element type.</param>
    /// <param name="sizes">Size of each dimension.</param>
    /// <param name="dimOrder">Dimensions from the slowest to the fastest; may be empty.</param>
    /// <returns>The text.</returns>
    public static string Describe(ScalarType scalarType, ReadOnlySpan<int> sizes, ReadOnlySpan<byte> dimOrder = default)
    {
        var text = new StringBuilder(scalarType.TorchName()).Append(" [").Append(Join(sizes)).Append(']');
        if (!IsContiguous(dimOrder))
        {
            text.Append(" dim order [").Append(Join(dimOrder)).Append(']');
        }

        return text.ToString();
    }

    private static string Join<T>(ReadOnlySpan<T> items)
    {
        var text = new StringBuilder();
        foreach (var item in items)
        {
            text.Append(text.Length == 0 ? "" : ", ").Append(item);
        }

        return text.ToString();
    }

    private static TandemException Invalid(string problem, string expected, string found) =>
        new(ErrorCode.TensorInvalid, problem, new ErrorDetails { Expected = expected, Found = found });
}
