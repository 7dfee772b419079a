using Tandem.Sdk;

namespace Tandem.Host.Kernels.Common;

/// <summary>All lines along one dimension of an input, with the line of an output whose other dimensions are equal.</summary>
internal unsafe ref struct Lines
{
    private readonly TensorView _source;
    private readonly TensorView _target;
    private readonly int _dim;
    private fixed int _index[TensorLayout.MaxRank];
    private long _from;
    private long _to;
    private long _left;
    private bool _isStarted;

    internal Lines(TensorView source, TensorView target, int dim)
    {
        _source = source;
        _target = target;
        _dim = dim;
        _left = source.Rank == 0 ? 1 : source.ElementCount == 0 ? 0 : source.ElementCount / source.Sizes[dim];
    }

    public readonly Lines GetEnumerator() => this;

    public readonly Line Current => new(
        (byte*)_source.Data + (_from * _source.ElementSize),
        (byte*)_target.Data + (_to * _target.ElementSize),
        _source.Rank == 0 ? 0 : _source.Strides[_dim] * _source.ElementSize,
        _source.Rank == 0 ? 0 : _target.Strides[_dim] * _target.ElementSize,
        _source.Rank == 0 ? 1 : _source.Sizes[_dim]);

    public bool MoveNext()
    {
        if (_left-- <= 0)
        {
            return false;
        }

        if (!_isStarted)
        {
            _isStarted = true;
            return true;
        }

        for (var d = _source.Rank - 1; d >= 0; d--)
        {
            if (d == _dim)
            {
                continue;
            }

            _from += _source.Strides[d];
            _to += _target.Strides[d];
            if (++_index[d] < _source.Sizes[d])
            {
                return true;
            }

            _from -= _source.Strides[d] * _source.Sizes[d];
            _to -= _target.Strides[d] * _source.Sizes[d];
            _index[d] = 0;
        }

        return true;
    }

    /// <summary>One line; strides in bytes.</summary>
    internal readonly struct Line(byte* source, byte* target, long sourceStride, long targetStride, int count)
    {
        internal readonly byte* Source = source;
        internal readonly byte* Target = target;
        internal readonly long SourceStride = sourceStride;
        internal readonly long TargetStride = targetStride;
        internal readonly int Count = count;
    }
}
