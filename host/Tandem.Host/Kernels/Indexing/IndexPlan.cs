using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Indexing;

/// <summary>Where advanced indexing reads or writes: indexed dimensions, the rest, and the place of the broadcast dimensions in the result.</summary>
internal unsafe ref struct IndexPlan
{
    private readonly KernelContext _context;
    private readonly TensorView _self;
    private fixed int _dims[TensorLayout.MaxRank];
    private fixed int _broadcast[TensorLayout.MaxRank];
    private fixed int _restSizes[TensorLayout.MaxRank];
    private fixed long _restStrides[TensorLayout.MaxRank];
    private readonly Span<long> _offsets;
    private int _indexed;
    private int _restBefore;

    internal IndexPlan(KernelContext context, TensorView self, ReadOnlySpan<TensorView?> indices)
    {
        _context = context;
        _self = self;
        var resolved = ResolveMasks(indices);
        var (dim, isAdjacent, last) = (0, true, -1);
        Span<int> shape = stackalloc int[TensorLayout.MaxRank];
        Span<int> other = stackalloc int[TensorLayout.MaxRank];
        var rank = 0;
        for (var i = 0; i < resolved.Length; i++)
        {
            if (resolved[i].IsPresent)
            {
                Dims.Check(dim < self.Rank, "there are more indices than dimensions");
                isAdjacent &= last < 0 || last == dim - 1;
                last = dim;
                _dims[_indexed++] = dim;
                var sizes = resolved[i].Sizes;
                var joined = Math.Max(rank, sizes.Length);
                Dims.Broadcast(shape[..rank], sizes, other[..joined]);
                other[..joined].CopyTo(shape);
                rank = joined;
            }

            dim++;
        }

        BroadcastRank = rank;
        for (var i = 0; i < rank; i++)
        {
            _broadcast[i] = shape[i];
        }

        Count = Dims.Product(shape[..rank]);
        for (var d = 0; d < self.Rank; d++)
        {
            if (!IsIndexed(d))
            {
                _restSizes[RestRank] = self.Sizes[d];
                _restStrides[RestRank++] = self.Strides[d];
                _restBefore += isAdjacent && d < _dims[0] ? 1 : 0;
            }
        }

        _offsets = context.Allocate<long>(checked((int)Count));
        FillOffsets(resolved);
    }

    internal long Count { get; }

    internal int BroadcastRank { get; }

    internal int RestRank { get; private set; }

    internal readonly int ResultRank => BroadcastRank + RestRank;

    internal readonly ReadOnlySpan<int> RestSizes
    {
        get
        {
            fixed (int* sizes = _restSizes)
            {
                return new ReadOnlySpan<int>(Copy(sizes, RestRank), RestRank);
            }
        }
    }

    internal readonly ReadOnlySpan<long> RestStrides
    {
        get
        {
            fixed (long* strides = _restStrides)
            {
                return new ReadOnlySpan<long>(Copy(strides, RestRank), RestRank);
            }
        }
    }

    internal readonly long Offset(long n) => _offsets[(int)n];

    /// <summary>The broadcast dimensions stand where the indexed ones stood if those are adjacent, and in front otherwise.</summary>
    internal readonly void FillResultSizes(Span<int> sizes)
    {
        for (var i = 0; i < sizes.Length; i++)
        {
            sizes[i] = i < _restBefore ? _restSizes[i] : i < _restBefore + BroadcastRank ? _broadcast[i - _restBefore] : _restSizes[i - BroadcastRank];
        }
    }

    internal readonly void SplitResultStrides(ReadOnlySpan<long> strides, Span<long> rest, Span<long> broadcast)
    {
        strides[.._restBefore].CopyTo(rest);
        strides.Slice(_restBefore, BroadcastRank).CopyTo(broadcast);
        strides[(_restBefore + BroadcastRank)..].CopyTo(rest[_restBefore..]);
    }

    /// <summary>The offset, in the result, of the n-th combination of indices.</summary>
    internal readonly long Place(long n, ReadOnlySpan<long> strides)
    {
        long place = 0;
        for (var i = BroadcastRank - 1; i >= 0; i--)
        {
            place += n % _broadcast[i] * strides[i];
            n /= _broadcast[i];
        }

        return place;
    }

    /// <summary>
    /// How many combinations of indices from the n-th on are equally far from each other, in the indexed tensor and in the result: one block more dimension.
    /// </summary>
    internal readonly long Run(long n, ReadOnlySpan<long> strides, out long offsetStep, out long placeStep)
    {
        (offsetStep, placeStep) = (0, 0);
        if (n + 1 >= Count)
        {
            return Count - n;
        }

        var (offset, place) = (Offset(n + 1), Place(n + 1, strides));
        (offsetStep, placeStep) = (offset - Offset(n), place - Place(n, strides));
        var end = n + 2;
        for (; end < Count; end++)
        {
            (offset, place) = (offset + offsetStep, place + placeStep);
            if (Offset(end) != offset || Place(end, strides) != place)
            {
                break;
            }
        }

        return end - n;
    }

    private readonly T* Copy<T>(T* source, int count)
        where T : unmanaged
    {
        var copy = (T*)_context.Allocate((long)count * sizeof(T));
        new ReadOnlySpan<T>(source, count).CopyTo(new Span<T>(copy, count));
        return copy;
    }

    private readonly bool IsIndexed(int dim)
    {
        for (var i = 0; i < _indexed; i++)
        {
            if (_dims[i] == dim)
            {
                return true;
            }
        }

        return false;
    }

    // A mask over k dimensions stands for k index tensors: the coordinates of its true elements.
    private readonly Span<ResolvedIndex> ResolveMasks(ReadOnlySpan<TensorView?> indices)
    {
        var result = _context.Allocate<ResolvedIndex>(TensorLayout.MaxRank * 2);
        var count = 0;
        var dim = 0;
        foreach (var index in indices)
        {
            Dims.Check(count < TensorLayout.MaxRank, "there are more indices than dimensions");
            if (index is null)
            {
                result[count++] = default;
                dim++;
                continue;
            }

            if (index.ScalarType is not (ScalarType.Bool or ScalarType.Byte))
            {
                Dims.Check(index.ScalarType is ScalarType.Long or ScalarType.Int, "indices are int32, int64 or bool");
                result[count++] = new ResolvedIndex(_context, index);
                dim++;
                continue;
            }

            Dims.Check(count + index.Rank <= TensorLayout.MaxRank, "there are more indices than dimensions");
            for (var d = 0; d < index.Rank; d++)
            {
                Dims.Check(dim + d < _self.Rank && index.Sizes[d] == _self.Sizes[dim + d], "a mask has another shape than the dimensions that it masks");
            }

            var found = 0;
            for (long n = 0; n < index.ElementCount; n++)
            {
                found += ((byte*)index.Data)[n] != 0 ? 1 : 0;
            }

            var coordinates = (long*)_context.Allocate((long)found * Math.Max(index.Rank, 1) * sizeof(long));
            FindTrue(index, coordinates, found);
            for (var d = 0; d < index.Rank; d++)
            {
                result[count++] = new ResolvedIndex(coordinates + ((long)d * found), found);
            }

            dim += index.Rank;
        }

        Dims.Check(count <= TensorLayout.MaxRank, "there are more indices than dimensions");
        return result[..count];
    }

    private static void FindTrue(TensorView mask, long* coordinates, int found)
    {
        Span<int> index = stackalloc int[mask.Rank];
        index.Clear();
        var place = 0;
        for (long n = 0; n < mask.ElementCount; n++)
        {
            long at = 0;
            for (var d = 0; d < index.Length; d++)
            {
                at += index[d] * mask.Strides[d];
            }

            if (((byte*)mask.Data)[at] != 0 && place < found)
            {
                for (var d = 0; d < index.Length; d++)
                {
                    coordinates[((long)d * found) + place] = index[d];
                }

                place++;
            }

            for (var d = index.Length - 1; d >= 0 && ++index[d] == mask.Sizes[d]; d--)
            {
                index[d] = 0;
            }
        }
    }

    private readonly void FillOffsets(ReadOnlySpan<ResolvedIndex> indices)
    {
        _offsets.Clear();
        var k = 0;
        foreach (ref readonly var index in indices)
        {
            if (!index.IsPresent)
            {
                continue;
            }

            var dim = _dims[k++];
            var (size, stride) = (_self.Sizes[dim], _self.Strides[dim]);
            for (var n = 0; n < _offsets.Length; n++)
            {
                long at = 0;
                var rest = (long)n;
                for (var i = BroadcastRank - 1; i >= 0; i--)
                {
                    var own = i - (BroadcastRank - index.Rank);
                    at += own >= 0 && index.Sizes[own] != 1 ? rest % _broadcast[i] * index.Stride(own) : 0;
                    rest /= _broadcast[i];
                }

                var value = index.Value(at);
                value = value < 0 ? value + size : value;
                if (value < 0 || value >= size)
                {
                    throw Dims.Invalid("an index is out of range", $"{-size} to {size - 1} in dimension {dim}", index.Value(at).ToString());
                }

                _offsets[n] += value * stride;
            }
        }
    }
}
