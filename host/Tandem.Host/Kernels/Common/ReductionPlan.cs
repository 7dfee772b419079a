using Tandem.Sdk;

namespace Tandem.Host.Kernels.Common;

/// <summary>Which elements of an input fall on which element of an output: kept and reduced dimensions with their strides.</summary>
internal unsafe ref struct ReductionPlan
{
    private fixed int _keptSizes[TensorLayout.MaxRank];
    private fixed long _keptStrides[TensorLayout.MaxRank];
    private fixed long _outputStrides[TensorLayout.MaxRank];
    private fixed int _reducedSizes[TensorLayout.MaxRank];
    private fixed long _reducedStrides[TensorLayout.MaxRank];
    private int _kept;
    private int _reduced;

    /// <summary>Elements that fall on one output element.</summary>
    internal long ReducedCount { get; private set; }

    /// <summary>Makes the plan and gives the output its shape.</summary>
    internal static ReductionPlan Create(TensorView input, scoped ReadOnlySpan<long> dims, bool keepsDims, TensorView output, bool emptyMeansAll = true)
    {
        var mask = 0;
        foreach (var item in dims)
        {
            var dim = Dims.Wrap(item, input.Rank);
            Dims.Check((mask & (1 << dim)) == 0, "a reduction names a dimension twice");
            mask |= 1 << dim;
        }

        mask = dims.Length == 0 && emptyMeansAll ? -1 : mask;
        var plan = new ReductionPlan { ReducedCount = 1 };
        Span<int> sizes = stackalloc int[input.Rank];
        var rank = 0;
        for (var i = 0; i < input.Rank; i++)
        {
            if ((mask & (1 << i)) == 0)
            {
                sizes[rank++] = input.Sizes[i];
            }
            else if (keepsDims)
            {
                sizes[rank++] = 1;
            }
        }

        output.Resize(sizes[..rank]);
        for (int i = 0, o = 0; i < input.Rank; i++)
        {
            if ((mask & (1 << i)) == 0)
            {
                plan._keptSizes[plan._kept] = input.Sizes[i];
                plan._keptStrides[plan._kept] = input.Strides[i];
                plan._outputStrides[plan._kept++] = output.Strides[o++];
            }
            else
            {
                plan._reducedSizes[plan._reduced] = input.Sizes[i];
                plan._reducedStrides[plan._reduced++] = input.Strides[i];
                plan.ReducedCount *= input.Sizes[i];
                o += keepsDims ? 1 : 0;
            }
        }

        return plan;
    }

    /// <summary>Whether the reduced elements of each output lie behind one another.</summary>
    internal bool IsDense
    {
        get
        {
            long expected = 1;
            for (var i = _reduced - 1; i >= 0; i--)
            {
                if (_reducedSizes[i] != 1 && _reducedStrides[i] != expected)
                {
                    return false;
                }

                expected *= _reducedSizes[i];
            }

            return true;
        }
    }

    /// <summary>Calls a body for each output element with the offsets of the output and of the first reduced element.</summary>
    internal void ForEach<TBody>(ref TBody body)
        where TBody : struct, IReductionBody, allows ref struct
    {
        var index = stackalloc int[TensorLayout.MaxRank];
        long from = 0, to = 0;
        for (var i = 0; i < _kept; i++)
        {
            index[i] = 0;
            if (_keptSizes[i] == 0)
            {
                return;
            }
        }

        while (true)
        {
            body.Reduce(ref this, from, to);
            var d = _kept - 1;
            for (; d >= 0; d--)
            {
                from += _keptStrides[d];
                to += _outputStrides[d];
                if (++index[d] < _keptSizes[d])
                {
                    break;
                }

                from -= _keptStrides[d] * _keptSizes[d];
                to -= _outputStrides[d] * _keptSizes[d];
                index[d] = 0;
            }

            if (d < 0)
            {
                return;
            }
        }
    }

    /// <summary>The offset, from the first, of the n-th reduced element in row-major order.</summary>
    internal readonly long Offset(long n)
    {
        long offset = 0;
        for (var i = _reduced - 1; i >= 0; i--)
        {
            offset += n % _reducedSizes[i] * _reducedStrides[i];
            n /= _reducedSizes[i];
        }

        return offset;
    }
}
