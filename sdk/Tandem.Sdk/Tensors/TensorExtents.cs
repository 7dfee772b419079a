using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tandem.Sdk;

/// <summary>
/// Sizes, dim order and what follows from them, in one array. One belongs to each layout, never changes, and is shared by the views of static shape; a view
/// whose shape changes has a copy of its own.
/// </summary>
internal readonly struct TensorExtents
{
    private const int Head = 2;

    // Number of elements now and at most, the strides, the sizes, the dim order.
    private readonly long[] _numbers;

    internal TensorExtents(TensorLayout layout)
    {
        var rank = layout.Sizes.Length;
        _numbers = new long[Head + rank + ((rank + 1) / 2) + ((rank + 7) / 8)];
        _numbers[1] = layout.ElementCount;
        layout.DimOrder.AsSpan().CopyTo(MutableDimOrder(rank));
        SetSizes(layout.Sizes.AsSpan(), layout.ElementCount);
    }

    private TensorExtents(long[] numbers) => _numbers = numbers;

    internal long ElementCount => _numbers[0];

    internal long MaxElementCount => _numbers[1];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ReadOnlySpan<long> Strides(int rank) => MemoryMarshal.CreateReadOnlySpan(ref At(Head), rank);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ReadOnlySpan<int> Sizes(int rank) => MutableSizes(rank);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ReadOnlySpan<byte> DimOrder(int rank) => MutableDimOrder(rank);

    internal TensorExtents Copy() => new([.. _numbers]);

    /// <summary>Changes the sizes of a copy.</summary>
    internal void SetSizes(ReadOnlySpan<int> sizes, long elementCount)
    {
        sizes.CopyTo(MutableSizes(sizes.Length));
        _numbers[0] = elementCount;
        FillStrides(sizes.Length);
    }

    /// <summary>Changes the dim order of a copy.</summary>
    internal void SetDimOrder(ReadOnlySpan<byte> dimOrder)
    {
        dimOrder.CopyTo(MutableDimOrder(dimOrder.Length));
        FillStrides(dimOrder.Length);
    }

    private void FillStrides(int rank) => TensorShapes.FillStrides(Sizes(rank), DimOrder(rank), MemoryMarshal.CreateSpan(ref At(Head), rank));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref long At(int index) => ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_numbers), index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<int> MutableSizes(int rank) => MemoryMarshal.CreateSpan(ref Unsafe.As<long, int>(ref At(Head + rank)), rank);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> MutableDimOrder(int rank) => MemoryMarshal.CreateSpan(ref Unsafe.As<long, byte>(ref At(Head + rank + ((rank + 1) / 2))), rank);
}
