using System.Collections.Immutable;

namespace Tandem.Sdk;

/// <summary>What is known ahead of time about a tensor of a graph.</summary>
/// <param name="ScalarType">Element type.</param>
/// <param name="Sizes">Size of each dimension, outermost first; may be symbolic.</param>
/// <param name="DimOrder">Dimensions from the slowest to the fastest, a permutation of 0 to rank-1.</param>
public sealed record TensorSpec(ScalarType ScalarType, ImmutableArray<SymbolicInt> Sizes, ImmutableArray<byte> DimOrder)
{
    /// <summary>Strides in elements, where they do not follow from sizes and dim order (views, expanded tensors); default if they do.</summary>
    public ImmutableArray<SymbolicInt> Strides { get; init; }

    /// <summary>Offset of the first element in its storage, in elements.</summary>
    public SymbolicInt StorageOffset { get; init; } = 0;

    /// <summary>Number of dimensions.</summary>
    public int Rank => Sizes.Length;

    /// <summary>Whether every size is a number.</summary>
    public bool IsStatic => Sizes.All(size => size.IsConstant);

    /// <summary>Makes the spec of a contiguous tensor of known sizes.</summary>
    /// <param name="scalarType">Element type.</param>
    /// <param name="sizes">The sizes.</param>
    /// <returns>The spec.</returns>
    public static TensorSpec Contiguous(ScalarType scalarType, params ReadOnlySpan<SymbolicInt> sizes) =>
        new(scalarType, [.. sizes], [.. Enumerable.Range(0, sizes.Length).Select(dim => (byte)dim)]);

    /// <summary>The layout with every size at its upper bound: what memory is planned for.</summary>
    /// <returns>The layout.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.TensorInvalid"/>: a size without a bound, or too large.</exception>
    public TensorLayout ToUpperBound()
    {
        Span<int> sizes = stackalloc int[Math.Min(Rank, TensorLayout.MaxRank + 1)];
        for (var i = 0; i < sizes.Length; i++)
        {
            sizes[i] = Sizes[i].Maximum is >= 0 and <= int.MaxValue ? (int)Sizes[i].Maximum
                : throw new TandemException(ErrorCode.TensorInvalid, "a size has no usable upper bound", new ErrorDetails
                {
                    Location = $"dimension {i}",
                    Found = ToString(),
                    NextStep = "export the program with an upper bound for this dimension",
                });
        }

        return new TensorLayout(ScalarType, sizes, DimOrder.AsSpan());
    }

    /// <summary>Value equality over all members.</summary>
    /// <param name="other">The other spec.</param>
    /// <returns>True if all are equal.</returns>
    public bool Equals(TensorSpec? other) => other is not null && ScalarType == other.ScalarType && Sizes.AsSpan().SequenceEqual(other.Sizes.AsSpan())
        && DimOrder.AsSpan().SequenceEqual(other.DimOrder.AsSpan()) && StorageOffset == other.StorageOffset
        && Strides.IsDefault == other.Strides.IsDefault && (Strides.IsDefault || Strides.AsSpan().SequenceEqual(other.Strides.AsSpan()));

    /// <inheritdoc/>
    public override int GetHashCode() => Sizes.Aggregate(HashCode.Combine(ScalarType, StorageOffset), HashCode.Combine);

    /// <summary>"float32 [2, s0[1..64]]", with the dim order where it is not contiguous.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{ScalarType.TorchName()} [{string.Join(", ", Sizes)}]"
        + (TensorShapes.IsContiguous(DimOrder.AsSpan()) ? "" : $" dim order [{string.Join(", ", DimOrder)}]");
}
