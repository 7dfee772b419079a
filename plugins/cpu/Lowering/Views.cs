using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering;

/// <summary>Operations that only move or rename elements, on tensors whose dimensions may lie in any order.</summary>
internal static class Views
{
    /// <summary>The same elements in the same order under other sizes.</summary>
    public static LoweredTensor Reshape(GraphWriter writer, LoweredTensor tensor, SymbolicInt[] sizes)
    {
        if (tensor.Sizes.SequenceEqual(sizes))
        {
            return tensor;
        }

        if (tensor.IsConstant)
        {
            return sizes.All(static size => size.IsConstant)
                ? tensor.ReshapeConstant(Array.ConvertAll(sizes, static size => checked((int)size.Value)))
                : throw new LoweringRefusal("a constant is reshaped to a size that is known at run time only");
        }

        if (tensor.Rows is { } rows)
        {
            return sizes.Length > 0 && tensor.Rank > 0 && sizes[^1] == tensor.Sizes[^1] ? LoweredTensor.QuantiseRows(Reshape(writer, rows, sizes))
                : throw new LoweringRefusal("rows that are quantised when called are cut otherwise");
        }

        if (tensor.Codes is { } codes && (GraphWriter.CanInfer(sizes) || GraphWriter.CanInfer(tensor.Sizes)))
        {
            return LoweredTensor.Dequantise(writer, Reshape(writer, codes, sizes), tensor.Type.Scalar);
        }

        if (tensor.Sizes.Where(static size => !IsOne(size)).SequenceEqual(sizes.Where(static size => !IsOne(size))))
        {
            return MoveOnes(writer, tensor, sizes);
        }

        if (!GraphWriter.CanInfer(sizes))
        {
            throw new LoweringRefusal($"a reshape to [{string.Join(", ", sizes)}]: a payload infers at most one size at run time");
        }

        var storage = new TensorStorage(
            tensor.Type, sizes, () => Memory(writer, tensor), memory => writer.AddReshape(memory, tensor.Type, sizes));
        return new LoweredTensor(storage, TensorStorage.Identity(sizes.Length));
    }

    /// <summary>Adds a dimension of size 1.</summary>
    public static LoweredTensor Unsqueeze(GraphWriter writer, LoweredTensor tensor, int dimension) =>
        Reshape(writer, tensor, [.. tensor.Sizes[..dimension], 1, .. tensor.Sizes[dimension..]]);

    /// <summary>Drops dimensions of size 1.</summary>
    public static LoweredTensor Squeeze(GraphWriter writer, LoweredTensor tensor, params int[] dimensions) =>
        Reshape(writer, tensor, [.. tensor.Sizes.Where((_, i) => !dimensions.Contains(i))]);

    /// <summary>Part of a dimension.</summary>
    /// <param name="writer">The payload.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="dimension">The dimension.</param>
    /// <param name="start">First element.</param>
    /// <param name="size">Number of elements; symbolic only if it reaches to the end.</param>
    public static LoweredTensor Slice(GraphWriter writer, LoweredTensor tensor, int dimension, long start, SymbolicInt size)
    {
        if (start == 0 && size == tensor.Sizes[dimension])
        {
            return tensor;
        }

        if (tensor.IsConstant)
        {
            return new LoweredTensor(tensor.Constant.Slice(dimension, start, checked((int)size.Value)));
        }

        if (tensor.Codes is { } codes)
        {
            return LoweredTensor.Dequantise(writer, Slice(writer, codes, dimension, start, size), tensor.Type.Scalar);
        }

        var form = tensor.NativeForm;
        SymbolicInt[] sizes = [.. tensor.Sizes];
        sizes[dimension] = size;
        var arranged = GraphWriter.Arrange(sizes, form);
        var id = writer.AddNode(
            PayloadNodeKind.StaticSlice, [writer.Read(tensor, form)], tensor.Type, arranged,
            first: Array.ConvertAll(form, i => i == dimension ? (uint)start : 0),
            second: Array.ConvertAll(arranged, static size => size.IsConstant ? (uint)size.Value : 0));
        return GraphWriter.Wrap(id, tensor.Type, sizes, form);
    }

    /// <summary>Repeats dimensions of size 1: a product with ones, which leaves every element as it is.</summary>
    public static LoweredTensor Expand(GraphWriter writer, LoweredTensor tensor, SymbolicInt[] sizes)
    {
        var lead = sizes.Length - tensor.Rank;
        if (lead == 0 && tensor.Sizes.SequenceEqual(sizes))
        {
            return tensor;
        }

        if (sizes.Where((size, i) => !size.IsConstant && (i < lead || size != tensor.Sizes[i - lead])).Any())
        {
            throw new LoweringRefusal("a dimension is expanded to a size that is known at run time only");
        }

        if (tensor.IsConstant && sizes.All(static size => size.IsConstant))
        {
            return new LoweredTensor(tensor.Constant.Expand(Array.ConvertAll(sizes, static size => checked((int)size.Value))));
        }

        var factor = sizes.Select((size, i) => i < lead || size != tensor.Sizes[i - lead] ? checked((int)size.Value) : 1).ToArray();
        var ones = new LoweredTensor(Constants.ConstantTensor.Fill(1, tensor.Type.Scalar, factor));
        return Broadcast.Binary(writer, PayloadNodeKind.Multiply, tensor, ones, sizes);
    }

    /// <summary>Tensors one after the other along a dimension.</summary>
    public static LoweredTensor Concatenate(GraphWriter writer, IReadOnlyList<LoweredTensor> tensors, int dimension, SymbolicInt[] sizes)
    {
        if (tensors.Count == 1)
        {
            return tensors[0];
        }

        // Codes of one meaning are put together as they are.
        if (tensors.All(tensor => tensor.Codes is { } codes && codes.Type == tensors[0].Codes!.Type && tensor.Type == tensors[0].Type))
        {
            return LoweredTensor.Dequantise(writer, Concatenate(writer, [.. tensors.Select(tensor => tensor.Codes!)], dimension, sizes), tensors[0].Type.Scalar);
        }

        if (tensors.Count > 5)
        {
            var parts = tensors.Chunk(5).Select(chunk =>
            {
                SymbolicInt[] part = [.. sizes];
                part[dimension] = Total(chunk, dimension);
                return Concatenate(writer, chunk, dimension, part);
            }).ToArray();
            return Concatenate(writer, parts, dimension, sizes);
        }

        var form = Broadcast.ChooseForm(tensors, sizes.Length);
        var kind = tensors.Count switch
        {
            2 => PayloadNodeKind.Concatenate2,
            3 => PayloadNodeKind.Concatenate3,
            4 => PayloadNodeKind.Concatenate4,
            _ => PayloadNodeKind.Concatenate5,
        };
        var id = writer.AddNode(
            kind, [.. tensors.Select(tensor => writer.Read(tensor, form))], tensors[0].Type, GraphWriter.Arrange(sizes, form), axis: Array.IndexOf(form, dimension));
        return GraphWriter.Wrap(id, tensors[0].Type, sizes, form);
    }

    /// <summary>Whether a size is 1 in every call.</summary>
    public static bool IsOne(SymbolicInt size) => size is { IsConstant: true, Value: 1 };

    private static SymbolicInt Total(LoweredTensor[] tensors, int dimension)
    {
        long minimum = 0;
        long maximum = 0;
        foreach (var tensor in tensors)
        {
            var size = tensor.Sizes[dimension];
            if (!size.IsBounded)
            {
                throw new LoweringRefusal($"the size {size} has no upper bound");
            }

            (minimum, maximum) = (minimum + size.Minimum, maximum + size.Maximum);
        }

        return minimum == maximum ? minimum : SymbolicInt.Symbol(string.Join(" + ", tensors.Select(tensor => $"({tensor.Sizes[dimension].Expression ?? tensor.Sizes[dimension].ToString()})")), minimum, maximum);
    }

    /// <summary>A value that holds the elements in the order of the dimensions, under whatever sizes.</summary>
    private static uint Memory(GraphWriter writer, LoweredTensor tensor) =>
        tensor.Storage.TryFindMemory(tensor.Order, out var id) ? id : writer.Read(tensor);

    /// <summary>Other dimensions of size 1; the rest keeps the order in which it is produced, so that nothing moves.</summary>
    private static LoweredTensor MoveOnes(GraphWriter writer, LoweredTensor tensor, SymbolicInt[] sizes)
    {
        var counted = tensor.Sizes.Select((size, i) => (size, i)).Where(item => !IsOne(item.size)).Select(item => item.i).ToList();
        var target = sizes.Select((size, i) => (size, i)).Where(item => !IsOne(item.size)).Select(item => item.i).ToArray();
        var native = tensor.NativeForm;
        var sequence = native.Where(counted.Contains).Select(dimension => target[counted.IndexOf(dimension)]).ToArray();
        var ones = Enumerable.Range(0, sizes.Length).Except(target);
        int[] form = sequence.SequenceEqual(target) ? TensorStorage.Identity(sizes.Length) : [.. ones, .. sequence];
        var arranged = GraphWriter.Arrange(sizes, form);
        TensorStorage storage;
        if (GraphWriter.CanInfer(arranged))
        {
            storage = new TensorStorage(
                tensor.Type, arranged, () => tensor.Storage.Memory, memory => writer.AddReshape(memory, tensor.Type, arranged));
        }
        else
        {
            // Broadcasting against ones adds leading dimensions whatever the sizes are.
            var added = sizes.Length - tensor.Rank;
            if (added <= 0)
            {
                throw new LoweringRefusal($"a reshape to [{string.Join(", ", sizes)}]: a payload infers at most one size at run time");
            }

            form = [.. ones.Take(added), .. Renamed()];
            arranged = GraphWriter.Arrange(sizes, form);
            var factor = new LoweredTensor(Constants.ConstantTensor.Fill(1, tensor.Type.Scalar, [.. Enumerable.Repeat(1, sizes.Length)]));
            storage = new TensorStorage(
                tensor.Type, arranged, writer.AddNode(PayloadNodeKind.Multiply, [tensor.Storage.Native, writer.Read(factor)], tensor.Type, arranged));

            IEnumerable<int> Renamed()
            {
                var rest = new Queue<int>(ones.Skip(added));
                return native.Select(dimension => counted.Contains(dimension) ? target[counted.IndexOf(dimension)] : rest.Dequeue()).ToArray();
            }
        }

        var order = new int[form.Length];
        for (var i = 0; i < form.Length; i++)
        {
            order[form[i]] = i;
        }

        return new LoweredTensor(storage, order);
    }
}
