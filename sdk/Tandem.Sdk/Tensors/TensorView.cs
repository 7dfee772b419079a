using System.Runtime.CompilerServices;

namespace Tandem.Sdk;

/// <summary>
/// A tensor as kernels and delegates see it: element type, current sizes, strides and a pointer to memory that somebody else owns.
/// </summary>
/// <remarks>
/// <para>Ownership: the view never owns its memory. It points into an arena, a mapped file or a caller's buffer, which the host keeps
/// alive while the view can be reached from a running call.</para>
/// <para>Threading: a view belongs to one session and is used by one thread at a time; reading from several threads within one kernel is fine.</para>
/// <para>Layout: elements are dense; strides follow from sizes and dim order (the .pte format stores no strides).</para>
/// <para>Allocation: nothing here allocates after construction, except for errors, and once for a view of static shape that takes another dim order: until
/// then it shares its sizes and strides with all views that were made of the same <see cref="TensorLayout"/>.</para>
/// </remarks>
public sealed unsafe class TensorView
{
    // Of a session's objects these are the most numerous: 40 bytes, and the extents only where they are the view's own.
    private TensorExtents _extents;
    private void* _data;
    private readonly byte _elementSize;
    private readonly byte _rank;
    private bool _ownsExtents;

    /// <summary>Creates a view without memory.</summary>
    /// <param name="layout">Element type, dim order and the greatest sizes.</param>
    /// <param name="dynamism">Whether the shape may change.</param>
    /// <param name="isReadOnly">Whether writing is an error (constants in a mapped file).</param>
    public TensorView(TensorLayout layout, ShapeDynamism dynamism = ShapeDynamism.Static, bool isReadOnly = false)
    {
        ScalarType = layout.ScalarType;
        _elementSize = (byte)layout.ScalarType.Size();
        Dynamism = dynamism;
        IsReadOnly = isReadOnly;
        _ownsExtents = dynamism != ShapeDynamism.Static;
        _extents = _ownsExtents ? layout.Extents.Copy() : layout.Extents;
        _rank = (byte)layout.Sizes.Length;
        IsContiguous = TensorShapes.IsContiguous(layout.DimOrder.AsSpan());
    }

    /// <summary>Element type.</summary>
    public ScalarType ScalarType { get; }

    /// <summary>Bytes of one element.</summary>
    public int ElementSize => _elementSize;

    /// <summary>Whether the shape may change.</summary>
    public ShapeDynamism Dynamism { get; }

    /// <summary>Whether the memory must not be written: constants lie in a mapping where a write faults.</summary>
    public bool IsReadOnly { get; }

    /// <summary>Whether the dim order is 0, 1, 2, ...</summary>
    public bool IsContiguous { get; private set; }

    /// <summary>Number of dimensions.</summary>
    public int Rank => _rank;

    /// <summary>Current size of each dimension, outermost first.</summary>
    public ReadOnlySpan<int> Sizes => _extents.Sizes(_rank);

    /// <summary>Current stride of each dimension in elements.</summary>
    public ReadOnlySpan<long> Strides => _extents.Strides(_rank);

    /// <summary>Dimensions from the slowest to the fastest.</summary>
    public ReadOnlySpan<byte> DimOrder => _extents.DimOrder(_rank);

    /// <summary>Current number of elements.</summary>
    public long ElementCount => _extents.ElementCount;

    /// <summary>Greatest number of elements that <see cref="Resize(ReadOnlySpan{int})"/> accepts.</summary>
    public long MaxElementCount => _extents.MaxElementCount;

    /// <summary>Current number of bytes.</summary>
    public long ByteCount => ElementCount * ElementSize;

    /// <summary>Greatest number of bytes.</summary>
    public long MaxByteCount => MaxElementCount * ElementSize;

    /// <summary>The first element; null while no memory is bound or after the tensor was freed.</summary>
    public void* Data => _data;

    /// <summary>Points the view at memory of at least <see cref="MaxByteCount"/> bytes (or <see cref="ByteCount"/> for a caller's input).</summary>
    /// <param name="data">The first element, or null to unbind.</param>
    public void Bind(void* data) => _data = data;

    /// <summary>Changes the sizes; the element count stays at or under <see cref="MaxElementCount"/>.</summary>
    /// <param name="sizes">New sizes, of the same rank.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.ShapeExceedsBound"/>: another rank, a static shape, or over the bound.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Resize(ReadOnlySpan<int> sizes)
    {
        if (!sizes.SequenceEqual(Sizes))
        {
            ResizeCore(sizes);
        }
    }

    /// <summary>Changes sizes and dim order together, for operators whose output takes the layout of an input.</summary>
    /// <param name="sizes">New sizes, of the same rank.</param>
    /// <param name="dimOrder">New dim order; a permutation.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.ShapeExceedsBound"/> or <see cref="ErrorCode.TensorInvalid"/>.</exception>
    public void Resize(ReadOnlySpan<int> sizes, ReadOnlySpan<byte> dimOrder)
    {
        Resize(sizes);
        if (!dimOrder.SequenceEqual(DimOrder))
        {
            TensorShapes.Measure(ScalarType, sizes, dimOrder);
            if (!_ownsExtents)
            {
                _extents = _extents.Copy();
                _ownsExtents = true;
            }

            _extents.SetDimOrder(dimOrder);
            IsContiguous = TensorShapes.IsContiguous(dimOrder);
        }
    }

    /// <summary>The elements in memory order, to be read.</summary>
    /// <typeparam name="T">A type of the element's size.</typeparam>
    /// <returns>The span; valid while the memory is bound.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: wrong size, no memory, or more than 2^31-1 elements.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<T> AsReadOnlySpan<T>()
        where T : unmanaged
    {
        Check(sizeof(T));
        return new ReadOnlySpan<T>(_data, (int)ElementCount);
    }

    /// <summary>The elements in memory order, to be written.</summary>
    /// <typeparam name="T">A type of the element's size.</typeparam>
    /// <returns>The span; valid while the memory is bound.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: read-only, wrong size, no memory, or more than 2^31-1 elements.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<T> AsSpan<T>()
        where T : unmanaged
    {
        Check(sizeof(T));
        if (IsReadOnly)
        {
            ThrowReadOnly();
        }

        return new Span<T>(_data, (int)ElementCount);
    }

    /// <summary>A snapshot of element type, sizes and dim order.</summary>
    /// <returns>The layout.</returns>
    public TensorLayout ToLayout() => new(ScalarType, Sizes, DimOrder);

    /// <summary>"float32 [2, 3]".</summary>
    /// <returns>The text.</returns>
    public override string ToString() => TensorShapes.Describe(ScalarType, Sizes, DimOrder);

    private void ResizeCore(ReadOnlySpan<int> sizes)
    {
        if (sizes.Length != Rank)
        {
            throw Bound("the rank of a tensor never changes", sizes);
        }

        if (Dynamism == ShapeDynamism.Static)
        {
            throw Bound("the tensor's shape is static", sizes);
        }

        long count = 1;
        foreach (var size in sizes)
        {
            if (size < 0 || (size != 0 && count > long.MaxValue / size))
            {
                throw Bound("the sizes are impossible", sizes);
            }

            count *= size;
        }

        if (count > MaxElementCount)
        {
            throw Bound($"the shape needs {count} elements, over its upper bound of {MaxElementCount}", sizes);
        }

        _extents.SetSizes(sizes, count);
    }

    private TandemException Bound(string problem, ReadOnlySpan<int> sizes) => new(ErrorCode.ShapeExceedsBound, problem, new ErrorDetails
    {
        Expected = Dynamism == ShapeDynamism.Static ? ToString() : $"rank {Rank}, at most {MaxElementCount} elements",
        Found = TensorShapes.Describe(ScalarType, sizes),
        NextStep = "give inputs within the bounds that the program was exported with, or export it with larger ones",
    });

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Check(int size)
    {
        if (size != ElementSize || (_data == null && ElementCount != 0) || ElementCount > int.MaxValue)
        {
            ThrowCheck(size);
        }
    }

    private void ThrowCheck(int size) => throw new TandemException(ErrorCode.ArgumentInvalid,
        size != ElementSize ? "the element size of the span differs from the tensor's"
        : _data == null ? "the tensor has no memory" : "the tensor is too large for a span; use Data",
        new ErrorDetails { Expected = $"{ElementSize} bytes an element", Found = $"{size} bytes; tensor {this}" });

    private void ThrowReadOnly() => throw new TandemException(ErrorCode.ArgumentInvalid, "the tensor is a read-only constant",
        new ErrorDetails { Found = ToString(), NextStep = "copy it before changing it" });
}
