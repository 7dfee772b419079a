using Tandem.Host.Kernels.Common;
using Tandem.Host.Kernels.Pointwise;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Padding;

/// <summary>Padding by a constant, by reflection, by the edge. Constant padding may be negative: then it crops.</summary>
internal static unsafe class PaddingKernels
{
    internal static void Register(KernelRegistry registry)
    {
        registry.Add("aten::constant_pad_nd.out", Constant);
        for (var dims = 1; dims <= 3; dims++)
        {
            registry.Add($"aten::reflection_pad{dims}d.out", (context, arguments) => Mirror(context, arguments, reflects: true))
                .Add($"aten::replication_pad{dims}d.out", (context, arguments) => Mirror(context, arguments, reflects: false));
        }
    }

    private static void Constant(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        var pads = arguments.IntList(1);
        Resize(input, output, pads);
        Dims.SameType(input, output);
        FillKernels.Fill(output, arguments[2]);
        Span<int> sizes = stackalloc int[input.Rank];
        long from = 0, to = 0;
        for (var d = 0; d < input.Rank; d++)
        {
            var (before, after) = Pads(pads, input.Rank, d);
            sizes[d] = (int)Math.Max(input.Sizes[d] + Math.Min(before, 0) + Math.Min(after, 0), 0);
            from += Math.Max(-before, 0) * input.Strides[d];
            to += Math.Max(before, 0) * output.Strides[d];
        }

        BlockCopy.Copy((byte*)input.Data + (from * input.ElementSize), input.Strides, (byte*)output.Data + (to * output.ElementSize), output.Strides, sizes, input.ElementSize);
    }

    private static void Mirror(KernelContext context, Arguments arguments, bool reflects)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        var pads = arguments.IntList(1);
        Resize(input, output, pads);
        Dims.SameType(input, output);
        Span<int> index = stackalloc int[output.Rank];
        index.Clear();
        for (var d = 0; d < input.Rank; d++)
        {
            var (before, after) = Pads(pads, input.Rank, d);
            Dims.Check(!reflects || (before < Math.Max(input.Sizes[d], 1) && after < Math.Max(input.Sizes[d], 1)), "a reflection is as wide as its dimension");
            Dims.Check(input.Sizes[d] > 0 || (before == 0 && after == 0), "an empty dimension has no edge");
        }

        var size = input.ElementSize;
        for (long n = 0; n < output.ElementCount; n++)
        {
            long from = 0, to = 0;
            for (var d = 0; d < index.Length; d++)
            {
                var place = index[d] - Pads(pads, input.Rank, d).Before;
                var last = input.Sizes[d] - 1;
                place = place < 0 ? (reflects ? -place : 0) : place > last ? (reflects ? (2L * last) - place : last) : place;
                from += place * input.Strides[d];
                to += index[d] * output.Strides[d];
            }

            Buffer.MemoryCopy((byte*)input.Data + (from * size), (byte*)output.Data + (to * size), size, size);
            for (var d = index.Length - 1; d >= 0 && ++index[d] == output.Sizes[d]; d--)
            {
                index[d] = 0;
            }
        }
    }

    // Pairs from the last dimension to the first.
    private static (long Before, long After) Pads(ReadOnlySpan<long> pads, int rank, int dim)
    {
        var at = (rank - 1 - dim) * 2;
        return at + 1 < pads.Length ? (pads[at], pads[at + 1]) : (0, 0);
    }

    private static void Resize(TensorView input, TensorView output, ReadOnlySpan<long> pads)
    {
        Dims.Check(pads.Length % 2 == 0 && pads.Length <= 2 * input.Rank, "pads are pairs for the last dimensions");
        Span<int> sizes = stackalloc int[input.Rank];
        for (var d = 0; d < sizes.Length; d++)
        {
            var (before, after) = Pads(pads, input.Rank, d);
            var size = input.Sizes[d] + before + after;
            sizes[d] = size is >= 0 and <= int.MaxValue ? (int)size : throw Dims.Invalid("padding leaves nothing of a dimension", "0 or more", size.ToString());
        }

        output.Resize(sizes);
    }
}
