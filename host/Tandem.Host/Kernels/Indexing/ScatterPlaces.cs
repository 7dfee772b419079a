using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Indexing;

/// <summary>Walks the index of a scatter: for each element the offset in the source that it takes, and in the output that it goes to.</summary>
internal unsafe ref struct ScatterPlaces
{
    private readonly TensorView _index;
    private readonly TensorView? _source;
    private readonly TensorView _output;
    private readonly int _dim;
    private fixed int _place[TensorLayout.MaxRank];
    private long _done;

    /// <summary>Checks that the index lies inside the output and the source, its values apart.</summary>
    internal ScatterPlaces(TensorView index, TensorView? source, TensorView output, int dim)
    {
        (_index, _source, _output, _dim) = (index, source, output, dim);
        _done = -1;
        if (index.ElementCount == 0)
        {
            return;
        }

        Dims.Check(index.Rank == output.Rank && (source is null || source.Rank == index.Rank), "scatter's index has another rank");
        for (var d = 0; d < index.Rank; d++)
        {
            Dims.Check(d == dim || index.Sizes[d] <= output.Sizes[d], "scatter's index is larger than its input");
            Dims.Check(source is null || index.Sizes[d] <= source.Sizes[d], "scatter's index is larger than its source");
        }
    }

    public readonly ScatterPlaces GetEnumerator() => this;

    public readonly (long From, long To) Current
    {
        get
        {
            long from = 0, at = 0, to = 0;
            for (var d = 0; d < _index.Rank; d++)
            {
                at += _place[d] * _index.Strides[d];
                from += _source is null ? 0 : _place[d] * _source.Strides[d];
                to += d == _dim ? 0 : _place[d] * _output.Strides[d];
            }

            var index = GatherKernels.IndexAt(_index, at, Dims.Size(_output, _dim));
            return (from, to + (index * (_output.Rank == 0 ? 0 : _output.Strides[_dim])));
        }
    }

    public bool MoveNext()
    {
        if (++_done >= _index.ElementCount)
        {
            return false;
        }

        if (_done > 0)
        {
            for (var d = _index.Rank - 1; d >= 0 && ++_place[d] == _index.Sizes[d]; d--)
            {
                _place[d] = 0;
            }
        }

        return true;
    }
}
