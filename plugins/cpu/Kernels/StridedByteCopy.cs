using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>A copy of bytes between two layouts of up to six dimensions. An item is a run along the innermost dimension of the destination.</summary>
internal unsafe struct StridedByteCopy
{
    private const int MaxRank = 6;

    private fixed long _sizes[MaxRank];
    private fixed long _sourceStrides[MaxRank];
    private fixed long _destinationStrides[MaxRank];
    private int _rank;

    public int ItemCount { get; private set; }

    public long ItemLength { get; private set; }

    public long ElementCount { get; private set; }

    /// <summary>Works out the loops.</summary>
    /// <param name="rank">Number of dimensions.</param>
    /// <param name="sizes">Sizes.</param>
    /// <param name="sourceStrides">Strides of the source.</param>
    /// <param name="destinationStrides">Strides of the destination.</param>
    public void Prepare(int rank, ReadOnlySpan<long> sizes, ReadOnlySpan<long> sourceStrides, ReadOnlySpan<long> destinationStrides)
    {
        _rank = 0;
        ElementCount = 1;
        for (var i = 0; i < rank; i++)
        {
            ElementCount *= sizes[i];
            if (sizes[i] == 1)
            {
                continue;
            }

            if (_rank > 0 && _sourceStrides[_rank - 1] == sourceStrides[i] * sizes[i] && _destinationStrides[_rank - 1] == destinationStrides[i] * sizes[i])
            {
                _sizes[_rank - 1] *= sizes[i];
                (_sourceStrides[_rank - 1], _destinationStrides[_rank - 1]) = (sourceStrides[i], destinationStrides[i]);
            }
            else
            {
                (_sizes[_rank], _sourceStrides[_rank], _destinationStrides[_rank]) = (sizes[i], sourceStrides[i], destinationStrides[i]);
                _rank++;
            }
        }

        if (_rank == 0)
        {
            (_sizes[0], _sourceStrides[0], _destinationStrides[0], _rank) = (1, 1, 1, 1);
        }

        // A short innermost run costs more to start than to do: the longer of the last two dimensions goes inside.
        if (_rank > 1 && _sizes[_rank - 1] < 16 && _sizes[_rank - 2] > _sizes[_rank - 1])
        {
            (_sizes[_rank - 1], _sizes[_rank - 2]) = (_sizes[_rank - 2], _sizes[_rank - 1]);
            (_sourceStrides[_rank - 1], _sourceStrides[_rank - 2]) = (_sourceStrides[_rank - 2], _sourceStrides[_rank - 1]);
            (_destinationStrides[_rank - 1], _destinationStrides[_rank - 2]) = (_destinationStrides[_rank - 2], _destinationStrides[_rank - 1]);
        }

        ItemLength = _sizes[_rank - 1];
        ItemCount = ElementCount == 0 ? 0 : (int)(ElementCount / ItemLength);
    }

    /// <summary>Copies items of a range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(byte* source, byte* destination, int start, int end)
    {
        var last = _rank - 1;
        var count = (nint)_sizes[last];
        var (step, targetStep) = ((nint)_sourceStrides[last], (nint)_destinationStrides[last]);
        for (var item = start; item < end; item++)
        {
            var s = source;
            var d = destination;
            long rest = item;
            for (var i = last - 1; i >= 0; i--)
            {
                var position = rest % _sizes[i];
                rest /= _sizes[i];
                s += position * _sourceStrides[i];
                d += position * _destinationStrides[i];
            }

            if (step == 1 && targetStep == 1)
            {
                Buffer.MemoryCopy(s, d, count, count);
                continue;
            }

            for (nint i = 0; i < count; i++, s += step, d += targetStep)
            {
                *d = *s;
            }
        }
    }
}
