using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>A copy of bytes between two layouts of up to six dimensions. An item is a run along the innermost dimension of the destination.</summary>
internal unsafe struct StridedByteCopy
{
    private const int PixelsPerItem = 2048;

    private StridedLoops _loops;
    private bool _isPixels;

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
        ElementCount = _loops.Prepare(rank, sizes, sourceStrides, destinationStrides);
        if (_loops.Rank == 0)
        {
            (_loops.Sizes[0], _loops.SourceStrides[0], _loops.DestinationStrides[0], _loops.Rank) = (1, 1, 1, 1);
        }

        // A short innermost run costs more to start than to do: the longer of the last two dimensions goes inside.
        var last = _loops.Rank - 1;
        if (last > 0 && _loops.Sizes[last] < 16 && _loops.Sizes[last - 1] > _loops.Sizes[last])
        {
            _loops.Swap(last, last - 1);
        }

        ItemLength = _loops.Sizes[last];
        ItemCount = ElementCount == 0 ? 0 : (int)(ElementCount / ItemLength);

        // Three planes, such as colours, become pixels.
        _isPixels = _loops.Rank == 2 && _loops.Sizes[0] == 3 && _loops.DestinationStrides[0] == 1 && _loops.SourceStrides[1] == 1 && _loops.DestinationStrides[1] == 3;
        if (_isPixels && ItemCount > 0)
        {
            ItemCount = (int)((ItemLength + PixelsPerItem - 1) / PixelsPerItem);
            ItemLength = 3 * PixelsPerItem;
        }
    }

    /// <summary>Copies items of a range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(byte* source, byte* destination, int start, int end)
    {
        var last = _loops.Rank - 1;
        var count = (nint)_loops.Sizes[last];
        if (_isPixels)
        {
            var first = (nint)start * PixelsPerItem;
            var plane = (nint)_loops.SourceStrides[0];
            source += first;
            PlanesToPixels.Run(source, source + plane, source + (2 * plane), destination + (3 * first), Math.Min((nint)end * PixelsPerItem, count) - first);
            return;
        }

        var (step, targetStep) = ((nint)_loops.SourceStrides[last], (nint)_loops.DestinationStrides[last]);
        for (var item = start; item < end; item++)
        {
            var s = source;
            var d = destination;
            long rest = item;
            for (var i = last - 1; i >= 0; i--)
            {
                var position = rest % _loops.Sizes[i];
                rest /= _loops.Sizes[i];
                s += position * _loops.SourceStrides[i];
                d += position * _loops.DestinationStrides[i];
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
