using Tandem.Sdk;

namespace Tandem.Host.Kernels.Common;

/// <summary>Walks an output and up to four inputs that broadcast to it, row by row. Allocates nothing.</summary>
internal static unsafe class Pointwise
{
    private const int MaxOperands = 5;

    /// <summary>Runs a body over all rows; dimensions that lie behind one another in every operand become one.</summary>
    internal static void Run<TBody>(ref TBody body, TensorView output, TensorView? a = null, TensorView? b = null, TensorView? c = null, TensorView? d = null)
        where TBody : struct, IRowBody, allows ref struct
    {
        if (output.ElementCount == 0)
        {
            return;
        }

        var sizes = stackalloc long[TensorLayout.MaxRank];
        var strides = stackalloc long[TensorLayout.MaxRank * MaxOperands];
        var pointers = stackalloc byte*[MaxOperands];
        var operands = 1;
        var used = Order(output, sizes);
        Fill(output, output, strides, pointers, ref operands, 0);
        Fill(output, a, strides, pointers, ref operands, 1);
        Fill(output, b, strides, pointers, ref operands, 2);
        Fill(output, c, strides, pointers, ref operands, 3);
        Fill(output, d, strides, pointers, ref operands, 4);
        used = Collapse(sizes, strides, used, operands);
        Walk(ref body, sizes, strides, used, operands, pointers);
    }

    // Dimensions in the output's memory order, the slowest first.
    private static int Order(TensorView output, long* sizes)
    {
        for (var i = 0; i < output.Rank; i++)
        {
            sizes[i] = output.Sizes[output.DimOrder[i]];
        }

        return output.Rank;
    }

    private static void Fill(TensorView output, TensorView? operand, long* strides, byte** pointers, ref int operands, int index)
    {
        if (operand is null)
        {
            return;
        }

        operands = index + 1;
        pointers[index] = (byte*)operand.Data;
        var missing = output.Rank - operand.Rank;
        Dims.Check(missing >= 0, "an operand has more dimensions than the output");
        for (var i = 0; i < output.Rank; i++)
        {
            var dim = output.DimOrder[i] - missing;
            Dims.Check(dim < 0 || operand.Sizes[dim] == 1 || operand.Sizes[dim] == output.Sizes[dim + missing], "an operand does not broadcast to the output");
            strides[(index * TensorLayout.MaxRank) + i] = dim < 0 || operand.Sizes[dim] == 1 ? 0 : operand.Strides[dim] * operand.ElementSize;
        }
    }

    private static int Collapse(long* sizes, long* strides, int rank, int operands)
    {
        var kept = 0;
        for (var i = 0; i < rank; i++)
        {
            if (sizes[i] == 1)
            {
                continue;
            }

            var joins = kept > 0;
            for (var k = 0; k < operands && joins; k++)
            {
                var row = strides + (k * TensorLayout.MaxRank);
                joins = row[kept - 1] == row[i] * sizes[i];
            }

            if (joins)
            {
                sizes[kept - 1] *= sizes[i];
            }
            else
            {
                sizes[kept++] = sizes[i];
            }

            for (var k = 0; k < operands; k++)
            {
                strides[(k * TensorLayout.MaxRank) + kept - 1] = strides[(k * TensorLayout.MaxRank) + i];
            }
        }

        return kept;
    }

    private static void Walk<TBody>(ref TBody body, long* sizes, long* strides, int rank, int operands, byte** pointers)
        where TBody : struct, IRowBody, allows ref struct
    {
        var inner = stackalloc long[MaxOperands];
        if (rank == 0)
        {
            new Span<long>(inner, MaxOperands).Clear();
            body.Row(pointers, inner, 1);
            return;
        }

        for (var k = 0; k < operands; k++)
        {
            inner[k] = strides[(k * TensorLayout.MaxRank) + rank - 1];
        }

        var index = stackalloc long[TensorLayout.MaxRank];
        new Span<long>(index, TensorLayout.MaxRank).Clear();
        while (true)
        {
            body.Row(pointers, inner, sizes[rank - 1]);
            var dim = rank - 2;
            for (; dim >= 0; dim--)
            {
                for (var k = 0; k < operands; k++)
                {
                    pointers[k] += strides[(k * TensorLayout.MaxRank) + dim];
                }

                if (++index[dim] < sizes[dim])
                {
                    break;
                }

                for (var k = 0; k < operands; k++)
                {
                    pointers[k] -= strides[(k * TensorLayout.MaxRank) + dim] * sizes[dim];
                }

                index[dim] = 0;
            }

            if (dim < 0)
            {
                return;
            }
        }
    }
}
