using Tandem.Sdk;

namespace Tandem.Host.Kernels.Normalization;

/// <summary>All elements of one channel of [N, C, ...]: for each its offset in an input and in an output of the same sizes.</summary>
internal unsafe ref struct ChannelElements
{
    private readonly TensorView _input;
    private readonly TensorView _output;
    private fixed int _index[TensorLayout.MaxRank];
    private long _left;
    private bool _isStarted;
    private long _from;
    private long _to;

    internal ChannelElements(TensorView input, TensorView output, int channel)
    {
        (_input, _output) = (input, output);
        _left = input.ElementCount / input.Sizes[1];
        (_from, _to) = (channel * input.Strides[1], channel * output.Strides[1]);
    }

    public readonly ChannelElements GetEnumerator() => this;

    public readonly (long From, long To) Current => (_from, _to);

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

        for (var d = _input.Rank - 1; d >= 0; d = d == 2 ? 0 : d - 1)
        {
            if (d == 1)
            {
                continue;
            }

            _from += _input.Strides[d];
            _to += _output.Strides[d];
            if (++_index[d] < _input.Sizes[d])
            {
                return true;
            }

            _from -= _input.Strides[d] * _input.Sizes[d];
            _to -= _output.Strides[d] * _input.Sizes[d];
            _index[d] = 0;
        }

        return true;
    }
}
