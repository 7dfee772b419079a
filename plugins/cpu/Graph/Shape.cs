using System.Runtime.CompilerServices;
using System.Text;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>Sizes of a value, outermost first; lies in native memory of a session, or on the stack.</summary>
internal unsafe struct Shape
{
    /// <summary>Most dimensions that a payload's tensor has.</summary>
    public const int MaxRank = 6;

    /// <summary>Most elements of one tensor; keeps every index of a kernel within 31 bits.</summary>
    public const long MaxElementCount = int.MaxValue;

    public int Rank;

    public fixed int Dims[MaxRank];

    public Shape(ReadOnlySpan<int> dims)
    {
        Rank = dims.Length;
        for (var i = 0; i < dims.Length; i++)
        {
            Dims[i] = dims[i];
        }
    }

    /// <summary>Size of a dimension counted from the last: 1 is the innermost.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int FromEnd(int index) => Dims[Rank - index];

    /// <summary>Product of the sizes; wraps only after <see cref="Measure"/> has refused the shape.</summary>
    public readonly long ElementCount
    {
        get
        {
            long count = 1;
            for (var i = 0; i < Rank; i++)
            {
                count *= Dims[i];
            }

            return count;
        }
    }

    /// <summary>Product of the sizes of dimensions in [start, end).</summary>
    public readonly long Product(int start, int end)
    {
        long count = 1;
        for (var i = start; i < end; i++)
        {
            count *= Dims[i];
        }

        return count;
    }

    /// <summary>Counts the elements without overflow.</summary>
    /// <returns>The count, or -1 if a size is negative or the tensor too large.</returns>
    public readonly long Measure()
    {
        long count = 1;
        var isEmpty = false;
        for (var i = 0; i < Rank; i++)
        {
            if (Dims[i] < 0)
            {
                return -1;
            }

            isEmpty |= Dims[i] == 0;
            count *= Math.Max(Dims[i], 1);
            if (count > MaxElementCount)
            {
                return -1;
            }
        }

        return isEmpty ? 0 : count;
    }

    public readonly bool Equals(in Shape other)
    {
        var isEqual = Rank == other.Rank;
        for (var i = 0; isEqual && i < Rank; i++)
        {
            isEqual = Dims[i] == other.Dims[i];
        }

        return isEqual;
    }

    public override readonly string ToString()
    {
        var text = new StringBuilder("[");
        for (var i = 0; i < Rank; i++)
        {
            text.Append(i == 0 ? "" : ", ").Append(Dims[i]);
        }

        return text.Append(']').ToString();
    }
}
