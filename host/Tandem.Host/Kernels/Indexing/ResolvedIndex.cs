using Tandem.Sdk;

namespace Tandem.Host.Kernels.Indexing;

/// <summary>One index tensor in unmanaged form, or none.</summary>
internal readonly unsafe struct ResolvedIndex
{
    private readonly void* _data;
    private readonly int* _sizes;
    private readonly long* _strides;
    private readonly bool _isInt;
    private readonly int _length;

    /// <summary>A list of coordinates.</summary>
    internal ResolvedIndex(long* data, int count)
    {
        _data = data;
        IsPresent = true;
        Rank = 1;
        _length = count;
    }

    internal ResolvedIndex(KernelContext context, TensorView index)
    {
        _data = index.Data;
        IsPresent = true;
        Rank = index.Rank;
        _length = -1;
        _isInt = index.ScalarType == ScalarType.Int;
        _sizes = (int*)context.Allocate(Rank * sizeof(int));
        _strides = (long*)context.Allocate(Rank * sizeof(long));
        index.Sizes.CopyTo(new Span<int>(_sizes, Rank));
        index.Strides.CopyTo(new Span<long>(_strides, Rank));
    }

    internal bool IsPresent { get; }

    internal int Rank { get; }

    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    internal ReadOnlySpan<int> Sizes => _length >= 0 ? new ReadOnlySpan<int>(in _length) : new ReadOnlySpan<int>(_sizes, Rank);

    internal long Stride(int dim) => _strides == null ? 1 : _strides[dim];

    internal long Value(long at) => _isInt ? ((int*)_data)[at] : ((long*)_data)[at];
}
