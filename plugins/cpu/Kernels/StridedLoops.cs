namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// The loops of a copy between two layouts of up to six dimensions, from the outermost inwards: dimensions of 1 are left out, and two that follow each other in
/// both layouts are one. Strides are in elements.
/// </summary>
internal unsafe struct StridedLoops
{
    /// <summary>Most dimensions.</summary>
    public const int MaxRank = 6;

    public fixed long Sizes[MaxRank];
    public fixed long SourceStrides[MaxRank];
    public fixed long DestinationStrides[MaxRank];

    /// <summary>Number of loops; 0 for a single element.</summary>
    public int Rank;

    /// <summary>Works the loops out.</summary>
    /// <param name="rank">Number of dimensions.</param>
    /// <param name="sizes">Sizes.</param>
    /// <param name="sourceStrides">Strides of the source.</param>
    /// <param name="destinationStrides">Strides of the destination.</param>
    /// <returns>Number of elements.</returns>
    public long Prepare(int rank, ReadOnlySpan<long> sizes, ReadOnlySpan<long> sourceStrides, ReadOnlySpan<long> destinationStrides)
    {
        Rank = 0;
        long elements = 1;
        for (var i = 0; i < rank; i++)
        {
            elements *= sizes[i];
            if (sizes[i] == 1)
            {
                continue;
            }

            if (Rank > 0 && SourceStrides[Rank - 1] == sourceStrides[i] * sizes[i] && DestinationStrides[Rank - 1] == destinationStrides[i] * sizes[i])
            {
                Sizes[Rank - 1] *= sizes[i];
                (SourceStrides[Rank - 1], DestinationStrides[Rank - 1]) = (sourceStrides[i], destinationStrides[i]);
            }
            else
            {
                (Sizes[Rank], SourceStrides[Rank], DestinationStrides[Rank]) = (sizes[i], sourceStrides[i], destinationStrides[i]);
                Rank++;
            }
        }

        return elements;
    }

    /// <summary>Makes two loops change places.</summary>
    public void Swap(int i, int j)
    {
        (Sizes[i], Sizes[j]) = (Sizes[j], Sizes[i]);
        (SourceStrides[i], SourceStrides[j]) = (SourceStrides[j], SourceStrides[i]);
        (DestinationStrides[i], DestinationStrides[j]) = (DestinationStrides[j], DestinationStrides[i]);
    }
}
