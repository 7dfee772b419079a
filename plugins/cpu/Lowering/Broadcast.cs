using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering;

/// <summary>Nodes of two operands with NumPy's broadcasting, in the order of dimensions that moves least.</summary>
internal static class Broadcast
{
    /// <summary>Adds a node of two operands.</summary>
    /// <param name="writer">The payload.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="first">First operand.</param>
    /// <param name="second">Second operand.</param>
    /// <param name="sizes">Sizes of the result.</param>
    /// <param name="type">Type of the result, if it is not that of the first operand.</param>
    public static LoweredTensor Binary(
        GraphWriter writer, PayloadNodeKind kind, LoweredTensor first, LoweredTensor second, SymbolicInt[] sizes, ElementType? type = null)
    {
        if (first.IsConstant && second.IsConstant)
        {
            throw new LoweringRefusal("both operands are constants; the result is known ahead of time");
        }

        var form = ChooseForm([first, second], sizes.Length);
        return writer.AddNode(kind, [Operand(writer, first, form), Operand(writer, second, form)], type ?? first.Type, sizes, form);
    }

    /// <summary>The sizes that two operands give.</summary>
    public static SymbolicInt[] Sizes(LoweredTensor first, LoweredTensor second)
    {
        var result = new SymbolicInt[Math.Max(first.Rank, second.Rank)];
        for (var i = 1; i <= result.Length; i++)
        {
            var x = i <= first.Rank ? first.Sizes[^i] : 1;
            result[^i] = Views.IsOne(x) && i <= second.Rank ? second.Sizes[^i] : x;
        }

        return result;
    }

    /// <summary>The form in which the fewest operands have to be transposed; of equally good ones the one that is not the plain order, because a
    /// convolution made it and another may follow.</summary>
    public static int[] ChooseForm(IReadOnlyList<LoweredTensor> tensors, int rank)
    {
        var plain = TensorStorage.Identity(rank);
        var best = plain;
        var fewest = Count(plain);
        foreach (var tensor in tensors)
        {
            if (tensor.IsConstant || tensor.Rank != rank)
            {
                continue;
            }

            var form = tensor.NativeForm;
            var count = Count(form);
            if (count < fewest || (count == fewest && best.AsSpan().SequenceEqual(plain)))
            {
                (best, fewest) = (form, count);
            }
        }

        return best;

        int Count(int[] form)
        {
            var count = 0;
            foreach (var tensor in tensors)
            {
                count += tensor.Has(Restrict(form, rank - tensor.Rank)) ? 0 : 1;
            }

            return count;
        }
    }

    /// <summary>The value that an operand of lower or equal rank has in a form of the result.</summary>
    private static uint Operand(GraphWriter writer, LoweredTensor tensor, int[] form)
    {
        var lead = form.Length - tensor.Rank;
        var isPlain = true;
        for (var i = 0; i < form.Length; i++)
        {
            isPlain &= form[i] == i;
        }

        // One element broadcasts as it is.
        if (isPlain || tensor.Sizes.All(Views.IsOne) || lead == 0)
        {
            return writer.Read(tensor, lead == 0 ? form : TensorStorage.Identity(tensor.Rank));
        }

        return writer.Read(Views.Reshape(writer, tensor, [.. Enumerable.Repeat((SymbolicInt)1, lead), .. tensor.Sizes]), form);
    }

    private static int[] Restrict(int[] form, int lead) => lead == 0 ? form : [.. form.Where(dimension => dimension >= lead).Select(dimension => dimension - lead)];
}
