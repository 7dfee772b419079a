using System.Globalization;
using System.Runtime.InteropServices;
using Tandem.Host.TensorFiles;
using Tandem.Sdk;

namespace Tandem.Cli.Inputs;

/// <summary>A tensor in one line, and as contiguous bytes.</summary>
internal static class TensorSummary
{
    /// <summary>"float32 [1, 512]: 0.1 -3.2 ... min -7 max 12 mean 0.3".</summary>
    public static string Describe(TensorView tensor)
    {
        var values = Values(ToContiguous(tensor));
        var head = string.Join(' ', values.Take(8).Select(value => value.ToString("G6", CultureInfo.InvariantCulture)));
        if (values.Length <= 8)
        {
            return $"{tensor}: {head}";
        }

        return string.Create(CultureInfo.InvariantCulture,
            $"{tensor}: {head} ... min {values.Min():G6} max {values.Max():G6} mean {values.Average():G6}");
    }

    /// <summary>Copies a tensor into contiguous order.</summary>
    public static unsafe TensorData ToContiguous(TensorView tensor)
    {
        var layout = new TensorLayout(tensor.ScalarType, tensor.Sizes);
        var bytes = new byte[layout.ByteCount];
        var source = new ReadOnlySpan<byte>(tensor.Data, (int)tensor.ByteCount);
        if (tensor.IsContiguous)
        {
            source.CopyTo(bytes);
            return new TensorData(layout, bytes);
        }

        var index = new int[tensor.Rank];
        var size = tensor.ElementSize;
        for (var element = 0; element < layout.ElementCount; element++)
        {
            long offset = 0;
            for (var d = 0; d < index.Length; d++)
            {
                offset += index[d] * tensor.Strides[d];
            }

            source.Slice((int)offset * size, size).CopyTo(bytes.AsSpan(element * size));
            for (var d = index.Length - 1; d >= 0 && ++index[d] == tensor.Sizes[d]; d--)
            {
                index[d] = 0;
            }
        }

        return new TensorData(layout, bytes);
    }

    private static double[] Values(TensorData tensor)
    {
        var bytes = tensor.Bytes.Span;
        return tensor.Layout.ScalarType switch
        {
            ScalarType.Float => Convert<float>(bytes, value => value),
            ScalarType.Double => Convert<double>(bytes, value => value),
            ScalarType.Half => Convert<Half>(bytes, value => (double)value),
            ScalarType.BFloat16 => Convert<BFloat16>(bytes, value => (float)value),
            ScalarType.Long => Convert<long>(bytes, value => value),
            ScalarType.Int => Convert<int>(bytes, value => value),
            ScalarType.Short => Convert<short>(bytes, value => value),
            ScalarType.Char => Convert<sbyte>(bytes, value => value),
            ScalarType.UInt16 => Convert<ushort>(bytes, value => value),
            ScalarType.UInt32 => Convert<uint>(bytes, value => value),
            ScalarType.UInt64 => Convert<ulong>(bytes, value => value),
            _ => Convert<byte>(bytes, value => value),
        };
    }

    private static double[] Convert<T>(ReadOnlySpan<byte> bytes, Func<T, double> convert)
        where T : unmanaged => [.. MemoryMarshal.Cast<byte, T>(bytes).ToArray().Select(convert)];
}
