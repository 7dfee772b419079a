using Tandem.Sdk;

namespace Tandem.Host.Kernels.Common;

/// <summary>Arithmetic of dimensions and output shapes.</summary>
internal static class Dims
{
    /// <summary>A dimension from 0, where negative ones count from the end; a tensor without dimensions has dimension 0 and -1.</summary>
    internal static int Wrap(long dim, int rank)
    {
        var limit = Math.Max(rank, 1);
        return dim >= -limit && dim < limit ? (int)(dim < 0 ? dim + limit : dim)
            : throw Invalid("a dimension is out of range", $"{-limit} to {limit - 1}", dim.ToString());
    }

    /// <summary>The size of a dimension; 1 for the dimension of a tensor without any.</summary>
    internal static int Size(TensorView tensor, int dim) => tensor.Rank == 0 ? 1 : tensor.Sizes[dim];

    /// <summary>The shape in which tensors meet.</summary>
    internal static void Broadcast(ReadOnlySpan<int> left, ReadOnlySpan<int> right, Span<int> result)
    {
        for (var i = 0; i < result.Length; i++)
        {
            var a = At(left, result.Length, i);
            var b = At(right, result.Length, i);
            result[i] = a == b || b == 1 ? a : a == 1 ? b
                : throw Invalid("shapes cannot be broadcast", TensorShapes.Describe(ScalarType.Float, left), TensorShapes.Describe(ScalarType.Float, right));
        }

        static int At(ReadOnlySpan<int> sizes, int rank, int index) => index < rank - sizes.Length ? 1 : sizes[index - (rank - sizes.Length)];
    }

    /// <summary>Gives an output the shape in which two tensors meet.</summary>
    internal static void ResizeToBroadcast(TensorView left, TensorView right, TensorView output)
    {
        Span<int> sizes = stackalloc int[Math.Max(left.Rank, right.Rank)];
        Broadcast(left.Sizes, right.Sizes, sizes);
        Resize(output, sizes);
    }

    /// <summary>Gives an output the shape in which three tensors meet.</summary>
    internal static void ResizeToBroadcast(TensorView first, TensorView second, TensorView third, TensorView output)
    {
        Span<int> both = stackalloc int[Math.Max(first.Rank, second.Rank)];
        Broadcast(first.Sizes, second.Sizes, both);
        Span<int> sizes = stackalloc int[Math.Max(both.Length, third.Rank)];
        Broadcast(both, third.Sizes, sizes);
        Resize(output, sizes);
    }

    /// <summary>Gives an output a shape.</summary>
    internal static void Resize(TensorView output, ReadOnlySpan<int> sizes) => output.Resize(sizes);

    /// <summary>Converts a list of sizes; -1 where it is allowed stays.</summary>
    internal static void ToSizes(ReadOnlySpan<long> source, Span<int> target)
    {
        for (var i = 0; i < source.Length; i++)
        {
            target[i] = source[i] is >= -1 and <= int.MaxValue ? (int)source[i] : throw Invalid("a size is out of range", "0 or more", source[i].ToString());
        }
    }

    internal static long Product(ReadOnlySpan<int> sizes)
    {
        long product = 1;
        foreach (var size in sizes)
        {
            product *= size;
        }

        return product;
    }

    /// <summary>Refuses a list that is longer than any tensor has dimensions; what it is for lies on the stack.</summary>
    internal static int Rank(ReadOnlySpan<long> list)
    {
        Check(list.Length <= TensorLayout.MaxRank, "a list is longer than a tensor can have dimensions");
        return list.Length;
    }

    /// <summary>Refuses tensors that bytes cannot be copied between.</summary>
    internal static void SameType(TensorView left, TensorView right)
    {
        if (left.ScalarType != right.ScalarType)
        {
            throw new TandemException(ErrorCode.OperatorTypeNotSupported, "two tensors have different dtypes",
                new ErrorDetails { Expected = left.ScalarType.TorchName(), Found = right.ScalarType.TorchName() });
        }
    }

    /// <summary>Refuses a tensor of another dtype.</summary>
    internal static void IsType(TensorView tensor, ScalarType type)
    {
        if (tensor.ScalarType != type)
        {
            throw new TandemException(ErrorCode.OperatorTypeNotSupported, "a tensor has another dtype",
                new ErrorDetails { Expected = type.TorchName(), Found = tensor.ScalarType.TorchName() });
        }
    }

    /// <summary>Refuses a tensor that is no mask: bool, or uint8 as in old models.</summary>
    internal static void IsMask(TensorView tensor)
    {
        if (tensor.ScalarType is not (ScalarType.Bool or ScalarType.Byte))
        {
            IsType(tensor, ScalarType.Bool);
        }
    }

    internal static TandemException Invalid(string problem, string expected, string found) =>
        new(ErrorCode.OperatorArgumentInvalid, problem, new ErrorDetails { Expected = expected, Found = found });

    internal static void Check(bool condition, string problem)
    {
        if (!condition)
        {
            throw new TandemException(ErrorCode.OperatorArgumentInvalid, problem);
        }
    }
}
