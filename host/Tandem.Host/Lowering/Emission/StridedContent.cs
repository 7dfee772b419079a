using Tandem.Sdk;

namespace Tandem.Host.Lowering.Emission;

/// <summary>The elements of a view in the order of a dense layout, gathered from the view's storage when they are read.</summary>
internal sealed class StridedContent : DataContent
{
    private readonly DataContent _storage;
    private readonly TensorLayout _layout;
    private readonly long[] _sizes;
    private readonly long[] _strides;
    private readonly long _start;
    private readonly int _elementSize;
    private readonly long _last;
    private readonly WeakReference<byte[]> _window = new(null!);

    /// <summary>Wraps a view.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="layout">Sizes and dim order of the result.</param>
    /// <param name="strides">The view's strides in elements, by dimension.</param>
    /// <param name="offset">Element in the storage where the view starts.</param>
    internal StridedContent(DataContent storage, TensorLayout layout, ReadOnlySpan<long> strides, long offset)
    {
        _storage = storage;
        _layout = layout;
        _elementSize = layout.ScalarType.Size();
        _start = offset * _elementSize;
        // From the slowest to the fastest dimension of the result.
        _sizes = new long[layout.Sizes.Length];
        _strides = new long[layout.Sizes.Length];
        long last = 0;
        for (var i = 0; i < _sizes.Length; i++)
        {
            _sizes[i] = layout.Sizes[layout.DimOrder[i]];
            _strides[i] = strides[layout.DimOrder[i]] * _elementSize;
            last = checked(last + (Math.Max(_sizes[i] - 1, 0) * _strides[i]));
            if (_strides[i] < 0)
            {
                last = -1;
                break;
            }
        }

        _last = last;
        if (layout.ElementCount > 0 && (last < 0 || offset < 0 || _start + last > storage.Length - _elementSize))
        {
            throw new TandemException(ErrorCode.TensorInvalid, "a view lies outside its storage", new ErrorDetails
            {
                File = storage.Origin,
                Expected = $"within {storage.Length} bytes",
                Found = $"{layout}, strides [{string.Join(", ", strides.ToArray())}], offset {offset}",
            });
        }
    }

    public override long Length => _layout.ByteCount;

    public override string Origin => _storage.Origin;

    protected override void ReadCore(long offset, Span<byte> destination)
    {
        var rank = _sizes.Length;
        var (rowSize, step) = rank == 0 ? (1L, (long)_elementSize) : (_sizes[^1], _strides[^1]);
        var rowBytes = rowSize * _elementSize;
        var isRun = step == _elementSize || rowSize == 1;
        var source = isRun ? null : Window();
        while (destination.Length > 0)
        {
            var (row, within) = Math.DivRem(offset, rowBytes);
            var count = (int)Math.Min(rowBytes - within, destination.Length);
            if (source is null)
            {
                _storage.Read(RowStart(row) + within, destination[..count]);
            }
            else
            {
                Gather(source, RowStart(row) - _start, step, within, destination[..count]);
            }

            destination = destination[count..];
            offset += count;
        }
    }

    private void Gather(byte[] source, long rowStart, long step, long within, Span<byte> destination)
    {
        for (var i = 0; i < destination.Length;)
        {
            var (element, skip) = Math.DivRem(within + i, _elementSize);
            var count = Math.Min(_elementSize - (int)skip, destination.Length - i);
            source.AsSpan(checked((int)(rowStart + (element * step) + skip)), count).CopyTo(destination[i..]);
            i += count;
        }
    }

    // Elements that do not lie side by side are picked out of all bytes that the view spans, read once and let go when nobody reads any more.
    private byte[] Window()
    {
        if (!_window.TryGetTarget(out var bytes))
        {
            bytes = new byte[checked((int)(_last + _elementSize))];
            _storage.Read(_start, bytes);
            _window.SetTarget(bytes);
        }

        return bytes;
    }

    private long RowStart(long row)
    {
        var at = _start;
        for (var i = _sizes.Length - 2; i >= 0; i--)
        {
            (row, var index) = Math.DivRem(row, _sizes[i]);
            at += index * _strides[i];
        }

        return at;
    }
}
