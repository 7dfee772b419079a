using System.Collections.Immutable;

namespace Tandem.Sdk;

/// <summary>Element type, sizes and dim order of a tensor whose bytes lie somewhere else.</summary>
public sealed record TensorLayout
{
    /// <summary>Most dimensions that a tensor has.</summary>
    public const int MaxRank = 16;

    private readonly TensorExtents _extents;

    /// <summary>Creates a layout after checking it.</summary>
    /// <param name="scalarType">Element type.</param>
    /// <param name="sizes">Size of each dimension, outermost first; each 0 or more.</param>
    /// <param name="dimOrder">Dimensions from the slowest to the fastest; a permutation of 0 to rank-1. Empty for contiguous.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.TensorInvalid"/>.</exception>
    public TensorLayout(ScalarType scalarType, ReadOnlySpan<int> sizes, ReadOnlySpan<byte> dimOrder = default)
    {
        ScalarType = scalarType;
        Sizes = [.. sizes];
        if (dimOrder.IsEmpty && sizes.Length > 0)
        {
            Span<byte> contiguous = stackalloc byte[sizes.Length];
            for (var i = 0; i < contiguous.Length; i++)
            {
                contiguous[i] = (byte)i;
            }

            DimOrder = [.. contiguous];
        }
        else
        {
            DimOrder = [.. dimOrder];
        }

        (ElementCount, ByteCount) = TensorShapes.Measure(scalarType, Sizes.AsSpan(), DimOrder.AsSpan());
        _extents = new TensorExtents(this);
    }

    /// <summary>Element type.</summary>
    public ScalarType ScalarType { get; }

    /// <summary>Size of each dimension, outermost first.</summary>
    public ImmutableArray<int> Sizes { get; }

    /// <summary>Dimensions from the slowest to the fastest.</summary>
    public ImmutableArray<byte> DimOrder { get; }

    /// <summary>Product of the sizes.</summary>
    public long ElementCount { get; }

    /// <summary>Bytes that the elements take.</summary>
    public long ByteCount { get; }

    /// <summary>What the views of this layout share.</summary>
    internal TensorExtents Extents => _extents;

    /// <summary>Value equality over type, sizes and dim order.</summary>
    /// <param name="other">The other layout.</param>
    /// <returns>True if all three are equal.</returns>
    public bool Equals(TensorLayout? other) => other is not null && ScalarType == other.ScalarType
        && Sizes.AsSpan().SequenceEqual(other.Sizes.AsSpan()) && DimOrder.AsSpan().SequenceEqual(other.DimOrder.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(ScalarType);
        foreach (var size in Sizes)
        {
            hash.Add(size);
        }

        return hash.ToHashCode();
    }

    /// <summary>"float32 [2, 3]", with the dim order where it is not contiguous.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => TensorShapes.Describe(ScalarType, Sizes.AsSpan(), DimOrder.AsSpan());
}
