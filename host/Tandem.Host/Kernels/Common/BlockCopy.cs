using Tandem.Sdk;

namespace Tandem.Host.Kernels.Common;

/// <summary>Copies blocks of elements between strided places, whatever the element type: what every view-like operator is made of.</summary>
internal static unsafe class BlockCopy
{
    /// <summary>Copies a block.</summary>
    /// <param name="source">First element of the source.</param>
    /// <param name="sourceStrides">Strides of the source in elements; may be 0 or negative.</param>
    /// <param name="target">First element of the target.</param>
    /// <param name="targetStrides">Strides of the target in elements.</param>
    /// <param name="sizes">Sizes of the block.</param>
    /// <param name="elementSize">1, 2, 4, 8 or 16 bytes.</param>
    internal static void Copy(
        byte* source, ReadOnlySpan<long> sourceStrides, byte* target, ReadOnlySpan<long> targetStrides, ReadOnlySpan<int> sizes, int elementSize)
    {
        var rank = 0;
        var size = stackalloc long[TensorLayout.MaxRank + 2];
        var from = stackalloc long[TensorLayout.MaxRank + 2];
        var to = stackalloc long[TensorLayout.MaxRank + 2];
        var order = stackalloc int[TensorLayout.MaxRank + 2];
        for (var i = 0; i < sizes.Length; i++)
        {
            if (sizes[i] == 0)
            {
                return;
            }
        }

        // Dimensions by descending target stride: the target is written in order.
        var dims = 0;
        for (var i = 0; i < sizes.Length; i++)
        {
            if (sizes[i] == 1)
            {
                continue;
            }

            var place = dims++;
            while (place > 0 && targetStrides[order[place - 1]] < targetStrides[i])
            {
                order[place] = order[place - 1];
                place--;
            }

            order[place] = i;
        }

        for (var k = 0; k < dims; k++)
        {
            var i = order[k];
            if (rank > 0 && from[rank - 1] == sourceStrides[i] * sizes[i] && to[rank - 1] == targetStrides[i] * sizes[i])
            {
                size[rank - 1] *= sizes[i];
            }
            else
            {
                size[rank++] = sizes[i];
            }

            (from[rank - 1], to[rank - 1]) = (sourceStrides[i], targetStrides[i]);
        }

        if (rank == 0)
        {
            Row(source, 0, target, 0, 1, elementSize);
            return;
        }

        for (var i = 0; i < rank; i++)
        {
            from[i] *= elementSize;
            to[i] *= elementSize;
        }

        Walk(source, target, size, from, to, rank, elementSize);
    }

    /// <summary>Copies a whole tensor in logical order into another of the same sizes.</summary>
    internal static void Copy(TensorView source, TensorView target)
    {
        Dims.SameType(source, target);
        Dims.Check(source.Sizes.SequenceEqual(target.Sizes), "two tensors have different sizes");
        Copy((byte*)source.Data, source.Strides, (byte*)target.Data, target.Strides, source.Sizes, source.ElementSize);
    }

    /// <summary>Copies all elements in logical order, whatever the shapes: both element counts are equal.</summary>
    internal static void CopyReshaped(TensorView source, TensorView target, KernelContext context)
    {
        Dims.SameType(source, target);
        Dims.Check(source.ElementCount == target.ElementCount, "two tensors have different numbers of elements");
        if (source.IsContiguous && target.IsContiguous)
        {
            if (source.Data != target.Data)
            {
                Buffer.MemoryCopy(source.Data, target.Data, source.ByteCount, source.ByteCount);
            }

            return;
        }

        // By way of a row-major copy, as one side's order does not follow from the other's.
        var dense = (byte*)context.Allocate(source.ByteCount);
        Span<long> strides = stackalloc long[Math.Max(source.Rank, target.Rank)];
        RowMajor(source.Sizes, strides);
        Copy((byte*)source.Data, source.Strides, dense, strides, source.Sizes, source.ElementSize);
        RowMajor(target.Sizes, strides);
        Copy(dense, strides, (byte*)target.Data, target.Strides, target.Sizes, target.ElementSize);
    }

    internal static void RowMajor(ReadOnlySpan<int> sizes, Span<long> strides)
    {
        long stride = 1;
        for (var i = sizes.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= Math.Max(sizes[i], 1);
        }
    }

    private static void Walk(byte* source, byte* target, long* size, long* from, long* to, int rank, int elementSize)
    {
        var index = stackalloc long[TensorLayout.MaxRank + 2];
        new Span<long>(index, TensorLayout.MaxRank + 2).Clear();
        while (true)
        {
            Row(source, from[rank - 1], target, to[rank - 1], size[rank - 1], elementSize);
            var dim = rank - 2;
            for (; dim >= 0; dim--)
            {
                source += from[dim];
                target += to[dim];
                if (++index[dim] < size[dim])
                {
                    break;
                }

                source -= from[dim] * size[dim];
                target -= to[dim] * size[dim];
                index[dim] = 0;
            }

            if (dim < 0)
            {
                return;
            }
        }
    }

    private static void Row(byte* source, long from, byte* target, long to, long count, int elementSize)
    {
        if (from == elementSize && to == elementSize)
        {
            Buffer.MemoryCopy(source, target, count * elementSize, count * elementSize);
            return;
        }

        switch (elementSize)
        {
            case 1: Row<byte>(source, from, target, to, count); break;
            case 2: Row<ushort>(source, from, target, to, count); break;
            case 4: Row<uint>(source, from, target, to, count); break;
            case 8: Row<ulong>(source, from, target, to, count); break;
            default: Row<UInt128>(source, from, target, to, count); break;
        }
    }

    private static void Row<T>(byte* source, long from, byte* target, long to, long count)
        where T : unmanaged
    {
        if (from == 0 && to == sizeof(T))
        {
            new Span<T>(target, (int)count).Fill(*(T*)source);
            return;
        }

        for (long i = 0; i < count; i++, source += from, target += to)
        {
            *(T*)target = *(T*)source;
        }
    }
}
