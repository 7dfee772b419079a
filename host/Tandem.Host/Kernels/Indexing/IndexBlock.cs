namespace Tandem.Host.Kernels.Indexing;

/// <summary>The dimensions that are not indexed, behind one for combinations of indices that are equally far from each other.</summary>
internal readonly ref struct IndexBlock
{
    private readonly Span<int> _sizes;
    private readonly Span<long> _indexedStrides;
    private readonly Span<long> _resultStrides;

    /// <summary>Takes memory for one dimension more than the plan's rest has.</summary>
    internal IndexBlock(in IndexPlan plan, Span<int> sizes, Span<long> indexedStrides, Span<long> resultStrides, ReadOnlySpan<long> restResultStrides)
    {
        _sizes = sizes;
        _indexedStrides = indexedStrides;
        _resultStrides = resultStrides;
        plan.RestSizes.CopyTo(sizes[1..]);
        plan.RestStrides.CopyTo(indexedStrides[1..]);
        restResultStrides.CopyTo(resultStrides[1..]);
    }

    internal ReadOnlySpan<int> Sizes => _sizes;

    /// <summary>Strides in the tensor that is indexed.</summary>
    internal ReadOnlySpan<long> IndexedStrides => _indexedStrides;

    /// <summary>Strides in what is read from it or written to it.</summary>
    internal ReadOnlySpan<long> ResultStrides => _resultStrides;

    /// <summary>So many combinations, and the steps from one to the next.</summary>
    internal void Set(long count, long indexedStep, long resultStep) => (_sizes[0], _indexedStrides[0], _resultStrides[0]) = ((int)count, indexedStep, resultStep);
}
