using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>Copies row-major elements into a tensor of any dim order.</summary>
internal static unsafe class StridedCopy
{
    internal static void FromContiguous(byte* source, TensorView tensor)
    {
        var target = (byte*)tensor.Data;
        if (tensor.IsContiguous)
        {
            Buffer.MemoryCopy(source, target, tensor.ByteCount, tensor.ByteCount);
            return;
        }

        var size = tensor.ElementSize;
        Span<int> index = stackalloc int[tensor.Rank];
        index.Clear();
        for (long element = 0; element < tensor.ElementCount; element++)
        {
            long offset = 0;
            for (var d = 0; d < index.Length; d++)
            {
                offset += index[d] * tensor.Strides[d];
            }

            Buffer.MemoryCopy(source + (element * size), target + (offset * size), size, size);
            for (var d = index.Length - 1; d >= 0 && ++index[d] == tensor.Sizes[d]; d--)
            {
                index[d] = 0;
            }
        }
    }
}
