using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// A copy of 32 bit elements between two layouts of up to six dimensions: transposition, slice, padding and concatenation are all of this form.
/// </summary>
internal unsafe struct StridedCopy
{
    private const int BlockRows = 16;
    private const int ShortBlockRows = 512;

    private StridedLoops _loops;
    private int _outerRank;
    private long _rowLength;
    private long _rowSourceStride;
    private long _rowDestinationStride;
    private long _columnCount;
    private long _columnDestinationStride;
    private int _blockRows;
    private bool _isVectorised;
    private bool _isShortRow;

    /// <summary>What <see cref="WarmUp"/> is known by.</summary>
    public const int WarmUpKey = 1;

    /// <summary>Number of items that <see cref="Run"/> can be split into.</summary>
    public int ItemCount { get; private set; }

    /// <summary>Elements of an item, about.</summary>
    public long ItemLength { get; private set; }

    /// <summary>Elements in all.</summary>
    public long ElementCount { get; private set; }

    /// <summary>Works out the loops.</summary>
    /// <param name="rank">Number of dimensions.</param>
    /// <param name="sizes">Sizes.</param>
    /// <param name="sourceStrides">Strides of the source in elements.</param>
    /// <param name="destinationStrides">Strides of the destination in elements.</param>
    /// <param name="isVectorised">Whether transposed blocks may use vector registers.</param>
    public void Prepare(int rank, ReadOnlySpan<long> sizes, ReadOnlySpan<long> sourceStrides, ReadOnlySpan<long> destinationStrides, bool isVectorised)
    {
        _isVectorised = isVectorised;
        var elements = _loops.Prepare(rank, sizes, sourceStrides, destinationStrides);
        var count = _loops.Rank;
        ElementCount = elements;
        _columnCount = 1;
        _columnDestinationStride = 0;
        if (count == 0)
        {
            (_rowLength, _rowSourceStride, _rowDestinationStride, _outerRank) = (1, 1, 1, 0);
        }
        else
        {
            count--;
            (_rowLength, _rowSourceStride, _rowDestinationStride, _outerRank) =
                (_loops.Sizes[count], _loops.SourceStrides[count], _loops.DestinationStrides[count], count);
            if (_rowSourceStride != 1 && _rowDestinationStride == 1)
            {
                TakeColumns(count);
            }
        }

        _isShortRow = isVectorised && _rowLength % 8 == 0 && _rowLength <= 128;
        long items = 1;
        for (var i = 0; i < _outerRank; i++)
        {
            items *= _loops.Sizes[i];
        }

        // Rows of a few elements, such as colours, are soon done.
        _blockRows = _rowLength <= 4 ? ShortBlockRows : BlockRows;
        items *= (_columnCount + _blockRows - 1) / _blockRows;
        ItemCount = elements == 0 ? 0 : (int)items;
        ItemLength = elements / Math.Max(items, 1);
    }

    /// <summary>Has the loops compiled, by a small transposition and a small copy.</summary>
    public static void WarmUp()
    {
        var source = stackalloc float[64];
        var destination = stackalloc float[64];
        var copy = default(StridedCopy);
        copy.Prepare(2, [8, 8], [1, 8], [8, 1], true);
        copy.Run(source, destination, 0, copy.ItemCount);
        copy.Prepare(2, [4, 4], [8, 1], [4, 1], true);
        copy.Run(source, destination, 0, copy.ItemCount);
    }

    /// <summary>Copies the items of a range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(float* source, float* destination, int start, int end)
    {
        var blocks = (int)((_columnCount + _blockRows - 1) / _blockRows);
        var index = stackalloc long[StridedLoops.MaxRank];
        var rest = (long)start / blocks;
        var block = start - (int)(rest * blocks);
        for (var i = _outerRank - 1; i >= 0; i--)
        {
            index[i] = rest % _loops.Sizes[i];
            rest /= _loops.Sizes[i];
            source += index[i] * _loops.SourceStrides[i];
            destination += index[i] * _loops.DestinationStrides[i];
        }

        for (var item = start; item < end; item++)
        {
            if (_rowSourceStride == 1 && _rowDestinationStride == 1)
            {
                if (_isShortRow)
                {
                    // A call would take longer than the copy.
                    for (nint i = 0; i < (nint)_rowLength; i += 8)
                    {
                        Vector256.Load(source + i).Store(destination + i);
                    }
                }
                else
                {
                    Unsafe.CopyBlockUnaligned(destination, source, (uint)(_rowLength * sizeof(float)));
                }
            }
            else if (_columnCount == 1)
            {
                for (long i = 0; i < _rowLength; i++)
                {
                    destination[i * _rowDestinationStride] = source[i * _rowSourceStride];
                }
            }
            else
            {
                var first = (long)block * _blockRows;
                Transpose(source + first, destination + (first * _columnDestinationStride), Math.Min(_blockRows, _columnCount - first));
            }

            if (++block < blocks)
            {
                continue;
            }

            block = 0;
            for (var i = _outerRank - 1; i >= 0; i--)
            {
                source += _loops.SourceStrides[i];
                destination += _loops.DestinationStrides[i];
                if (++index[i] < _loops.Sizes[i])
                {
                    break;
                }

                source -= index[i] * _loops.SourceStrides[i];
                destination -= index[i] * _loops.DestinationStrides[i];
                index[i] = 0;
            }
        }
    }

    /// <summary>Makes the dimension that is dense in the source the columns of a two-dimensional transposition.</summary>
    private void TakeColumns(int outerRank)
    {
        for (var i = 0; i < outerRank; i++)
        {
            if (_loops.SourceStrides[i] != 1)
            {
                continue;
            }

            _columnCount = _loops.Sizes[i];
            _columnDestinationStride = _loops.DestinationStrides[i];
            for (var j = i + 1; j < outerRank; j++)
            {
                _loops.Sizes[j - 1] = _loops.Sizes[j];
                _loops.SourceStrides[j - 1] = _loops.SourceStrides[j];
                _loops.DestinationStrides[j - 1] = _loops.DestinationStrides[j];
            }

            _outerRank = outerRank - 1;
            return;
        }
    }

    // destination[c * columnDestinationStride + r] = source[r * rowSourceStride + c]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Transpose(float* source, float* destination, long columns)
    {
        var sourceStride = (nint)_rowSourceStride;
        var destinationStride = (nint)_columnDestinationStride;
        nint r = 0;
        if (_isVectorised && _rowLength == 3 && destinationStride == 3)
        {
            PlanesToPixels.Run(source, source + sourceStride, source + (2 * sourceStride), destination, (nint)columns);
            return;
        }

        if (_isVectorised && Avx.IsSupported)
        {
            for (; r <= (nint)_rowLength - 8; r += 8)
            {
                var s = source + (r * sourceStride);
                var d = destination + r;
                nint c = 0;
                for (; c <= (nint)columns - 8; c += 8)
                {
                    Transpose8x8(s + c, sourceStride, d + (c * destinationStride), destinationStride);
                }

                for (; c < (nint)columns; c++)
                {
                    var t = d + (c * destinationStride);
                    for (nint i = 0; i < 8; i++)
                    {
                        t[i] = s[(i * sourceStride) + c];
                    }
                }
            }
        }

        if (_isVectorised && (Sse.IsSupported || AdvSimd.Arm64.IsSupported))
        {
            for (; r <= (nint)_rowLength - 4; r += 4)
            {
                var s = source + (r * sourceStride);
                var d = destination + r;
                nint c = 0;
                for (; c <= (nint)columns - 4; c += 4)
                {
                    var x0 = Vector128.Load(s + c);
                    var x1 = Vector128.Load(s + sourceStride + c);
                    var x2 = Vector128.Load(s + (2 * sourceStride) + c);
                    var x3 = Vector128.Load(s + (3 * sourceStride) + c);
                    var low01 = Low(x0, x2);
                    var low23 = Low(x1, x3);
                    var high01 = High(x0, x2);
                    var high23 = High(x1, x3);
                    var t = d + (c * destinationStride);
                    Low(low01, low23).Store(t);
                    High(low01, low23).Store(t + destinationStride);
                    Low(high01, high23).Store(t + (2 * destinationStride));
                    High(high01, high23).Store(t + (3 * destinationStride));
                }

                for (; c < (nint)columns; c++)
                {
                    var t = d + (c * destinationStride);
                    t[0] = s[c];
                    t[1] = s[sourceStride + c];
                    t[2] = s[(2 * sourceStride) + c];
                    t[3] = s[(3 * sourceStride) + c];
                }
            }
        }

        for (; r < (nint)_rowLength; r++)
        {
            var s = source + (r * sourceStride);
            for (nint c = 0; c < (nint)columns; c++)
            {
                destination[(c * destinationStride) + r] = s[c];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose8x8(float* s, nint sourceStride, float* d, nint destinationStride)
    {
        var s4 = s + (4 * sourceStride);
        var r0 = Pair(s, s4);
        var r1 = Pair(s + sourceStride, s4 + sourceStride);
        var r2 = Pair(s + (2 * sourceStride), s4 + (2 * sourceStride));
        var r3 = Pair(s + (3 * sourceStride), s4 + (3 * sourceStride));
        Quarter(r0, r1, r2, r3, d, destinationStride);
        r0 = Pair(s + 4, s4 + 4);
        r1 = Pair(s + sourceStride + 4, s4 + sourceStride + 4);
        r2 = Pair(s + (2 * sourceStride) + 4, s4 + (2 * sourceStride) + 4);
        r3 = Pair(s + (3 * sourceStride) + 4, s4 + (3 * sourceStride) + 4);
        Quarter(r0, r1, r2, r3, d + (4 * destinationStride), destinationStride);
    }

    // Four columns of rows i (low half) and i + 4 (high half).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pair(float* low, float* high) => Vector256.Create(Vector128.Load(low), Vector128.Load(high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarter(Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3, float* d, nint stride)
    {
        var a = Avx.UnpackLow(r0, r2);
        var b = Avx.UnpackLow(r1, r3);
        Avx.UnpackLow(a, b).Store(d);
        Avx.UnpackHigh(a, b).Store(d + stride);
        a = Avx.UnpackHigh(r0, r2);
        b = Avx.UnpackHigh(r1, r3);
        Avx.UnpackLow(a, b).Store(d + (2 * stride));
        Avx.UnpackHigh(a, b).Store(d + (3 * stride));
    }

    // a0 b0 a1 b1
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Low(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    // a2 b2 a3 b3
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> High(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);
}
