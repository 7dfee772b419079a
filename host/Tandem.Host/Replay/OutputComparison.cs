using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Host.Replay;

/// <summary>Compares an output with the recorded one: shape and dtype exactly, integers exactly, floats within the tolerance.</summary>
public static class OutputComparison
{
    /// <summary>Compares an output value; a number or truth value is compared as a tensor without dimensions.</summary>
    /// <param name="actual">What the program gave.</param>
    /// <param name="expected">What was recorded.</param>
    /// <param name="absoluteTolerance">Absolute part of the tolerance.</param>
    /// <param name="relativeTolerance">Relative part of the tolerance.</param>
    /// <returns>Null if they agree; otherwise what differs.</returns>
    public static string? Compare(EValue actual, ReplayValue expected, double absoluteTolerance, double relativeTolerance)
    {
        if (expected.Tensor is not { } tensor)
        {
            return $"the recorded output {expected.Scalar} is not a tensor";
        }

        if (actual.Kind == EValueKind.Tensor)
        {
            return Compare(actual.AsTensor(), tensor, absoluteTolerance, relativeTolerance);
        }

        var isNumber = actual.Kind is EValueKind.Int or EValueKind.Bool or EValueKind.Double;
        if (!isNumber || tensor.Layout.ElementCount != 1)
        {
            return $"{actual} for {tensor.Layout}";
        }

        var (a, b) = (actual.AsDouble(), ReadNumber(tensor.Layout.ScalarType, tensor.Bytes.Span, 0));
        return a == b || Math.Abs(a - b) <= absoluteTolerance + (relativeTolerance * Math.Abs(b)) ? null : $"{a} for {b}";
    }

    /// <summary>Compares a tensor.</summary>
    /// <param name="actual">What the program gave.</param>
    /// <param name="expected">What was recorded; contiguous.</param>
    /// <param name="absoluteTolerance">Absolute part of the tolerance.</param>
    /// <param name="relativeTolerance">Relative part of the tolerance.</param>
    /// <returns>Null if they agree; otherwise what differs.</returns>
    /// <remarks>NaN equals NaN; infinities are equal by sign. The element order is the logical one, whatever the dim order.</remarks>
    public static string? Compare(TensorView actual, TensorFiles.TensorData expected, double absoluteTolerance, double relativeTolerance)
    {
        var layout = expected.Layout;
        if (actual.ScalarType != layout.ScalarType || !actual.Sizes.SequenceEqual(layout.Sizes.AsSpan()))
        {
            return $"{TensorShapes.Describe(actual.ScalarType, actual.Sizes)} for {TensorShapes.Describe(layout.ScalarType, layout.Sizes.AsSpan())}";
        }

        long differing = 0;
        var worst = 0.0;
        var index = new int[actual.Rank];
        for (long element = 0; element < layout.ElementCount; element++)
        {
            long offset = 0;
            for (var d = 0; d < index.Length; d++)
            {
                offset += index[d] * actual.Strides[d];
            }

            var (a, b) = (ReadNumber(actual, offset), ReadNumber(layout.ScalarType, expected.Bytes.Span, element));
            if (layout.ScalarType.IsFloatingPoint())
            {
                var distance = Math.Abs(a - b);
                var same = a == b || (double.IsNaN(a) && double.IsNaN(b)) || distance <= absoluteTolerance + (relativeTolerance * Math.Abs(b));
                differing += same ? 0 : 1;
                worst = same ? worst : Math.Max(worst, double.IsNaN(distance) ? double.PositiveInfinity : distance);
            }
            else
            {
                differing += a == b && BytesEqual(actual, offset, layout, expected.Bytes.Span, element) ? 0 : 1;
            }

            for (var d = index.Length - 1; d >= 0 && ++index[d] == layout.Sizes[d]; d--)
            {
                index[d] = 0;
            }
        }

        return differing == 0 ? null
            : layout.ScalarType.IsFloatingPoint() ? $"{differing} of {layout.ElementCount} beyond tolerance, worst {worst:g4}"
            : $"{differing} of {layout.ElementCount} values differ";
    }

    private static unsafe double ReadNumber(TensorView tensor, long element) => ReadNumber(tensor.ScalarType,
        new ReadOnlySpan<byte>((byte*)tensor.Data + (element * tensor.ElementSize), tensor.ElementSize), 0);

    private static unsafe bool BytesEqual(TensorView tensor, long offset, TensorLayout layout, ReadOnlySpan<byte> expected, long element)
    {
        var size = tensor.ElementSize;
        return new ReadOnlySpan<byte>((byte*)tensor.Data + (offset * size), size).SequenceEqual(expected.Slice((int)element * size, size));
    }

    private static double ReadNumber(ScalarType type, ReadOnlySpan<byte> bytes, long element)
    {
        var item = bytes[(int)(element * type.Size())..];
        return type switch
        {
            ScalarType.Half => (double)MemoryMarshal.Read<Half>(item),
            ScalarType.BFloat16 => (float)MemoryMarshal.Read<BFloat16>(item),
            ScalarType.Float => MemoryMarshal.Read<float>(item),
            ScalarType.Double => MemoryMarshal.Read<double>(item),
            ScalarType.Long => MemoryMarshal.Read<long>(item),
            ScalarType.Int => MemoryMarshal.Read<int>(item),
            ScalarType.Bool => item[0],
            _ => 0,
        };
    }
}
