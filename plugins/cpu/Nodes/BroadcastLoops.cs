using Tandem.Plugins.Cpu.Graph;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>
/// The loops of an element-wise function of two tensors with NumPy's broadcasting, from the innermost outwards: dimensions over which both operands run on
/// alike are one. Strides are in elements, 0 where an operand is repeated. A part of its step: arrays of its own for each step of each executor add up.
/// </summary>
internal unsafe struct BroadcastLoops
{
    public fixed long Sizes[Shape.MaxRank];
    public fixed long FirstStrides[Shape.MaxRank];
    public fixed long SecondStrides[Shape.MaxRank];

    /// <summary>Number of loops; 0 for a single element.</summary>
    public int Rank;

    /// <summary>Runs of the innermost loop.</summary>
    public readonly long Rows
    {
        get
        {
            long rows = 1;
            for (var i = 1; i < Rank; i++)
            {
                rows *= Sizes[i];
            }

            return rows;
        }
    }

    /// <summary>Works the loops out.</summary>
    /// <param name="a">First operand.</param>
    /// <param name="b">Second operand.</param>
    /// <param name="c">The shape that both are broadcast to.</param>
    public void Prepare(in Shape a, in Shape b, in Shape c)
    {
        Rank = 0;
        long aStride = 1;
        long bStride = 1;
        for (var i = 1; i <= c.Rank; i++)
        {
            long size = c.FromEnd(i);
            var aSize = i <= a.Rank ? a.FromEnd(i) : 1;
            var bSize = i <= b.Rank ? b.FromEnd(i) : 1;
            if (size == 1)
            {
                continue;
            }

            var aStep = aSize == 1 ? 0 : aStride;
            var bStep = bSize == 1 ? 0 : bStride;
            if (Rank > 0 && aStep == FirstStrides[Rank - 1] * Sizes[Rank - 1] && bStep == SecondStrides[Rank - 1] * Sizes[Rank - 1])
            {
                Sizes[Rank - 1] *= size;
            }
            else
            {
                (Sizes[Rank], FirstStrides[Rank], SecondStrides[Rank]) = (size, aStep, bStep);
                Rank++;
            }

            aStride *= aSize;
            bStride *= bSize;
        }
    }
}
