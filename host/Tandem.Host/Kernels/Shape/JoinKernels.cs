using Tandem.Host.Kernels.Common;
using Tandem.Host.Kernels.Pointwise;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Shape;

/// <summary>Operators that join or cut tensors: cat, stack, split, unbind, and writing into a part.</summary>
internal static unsafe class JoinKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::cat.out", Cat)
        .Add("aten::stack.out", Stack)
        .Add("aten::split_copy.Tensor_out", SplitBySize)
        .Add("aten::split_with_sizes_copy.out", SplitWithSizes)
        .Add("aten::unbind_copy.int_out", Unbind)
        .Add("aten::select_scatter.out", SelectScatter)
        .Add("aten::slice_scatter.out", SliceScatter)
        .Add("aten::roll.out", Roll)
        .Add("aten::tril.out", (_, arguments) => Triangle(arguments, isLower: true))
        .Add("aten::triu.out", (_, arguments) => Triangle(arguments, isLower: false))
        .Add("aten::pixel_shuffle.out", PixelShuffle)
        .Add("aten::pixel_unshuffle.out", PixelUnshuffle);

    private static TensorView Output(Arguments arguments) => arguments.Tensor(arguments.Count - 1);

    private static void Cat(KernelContext context, Arguments arguments)
    {
        var output = Output(arguments);
        var tensors = arguments.TensorList(0);
        Dims.Check(tensors.Length > 0, "cat needs a tensor");

        // Tensors of shape [0] are left out, whatever the others' rank.
        TensorView? first = null;
        foreach (var tensor in tensors)
        {
            first ??= IsSkipped(tensor!) ? null : tensor;
        }

        first ??= tensors[0]!;
        var dim = Dims.Wrap(arguments.Int(1), first.Rank);
        Span<int> sizes = stackalloc int[first.Rank];
        first.Sizes.CopyTo(sizes);
        long total = 0;
        foreach (var tensor in tensors)
        {
            if (IsSkipped(tensor!) && !ReferenceEquals(tensor, first))
            {
                continue;
            }

            for (var i = 0; i < first.Rank; i++)
            {
                Dims.Check(tensor!.Rank == first.Rank && (i == dim || tensor.Sizes[i] == sizes[i]), "tensors of cat differ in another dimension");
            }

            total += Dims.Size(tensor!, dim);
        }

        Dims.Check(first.Rank > 0, "numbers cannot be concatenated");
        sizes[dim] = checked((int)total);
        output.Resize(sizes);
        long start = 0;
        foreach (var tensor in tensors)
        {
            if (!IsSkipped(tensor!))
            {
                CopyInto(tensor!, output, start * output.Strides[dim]);
                start += tensor!.Sizes[dim];
            }
        }
    }

    private static bool IsSkipped(TensorView tensor) => tensor.Rank == 1 && tensor.Sizes[0] == 0;

    // Copies all of a tensor to a block of the output; another dtype is converted element by element.
    private static void CopyInto(TensorView source, TensorView output, long offset)
    {
        if (source.ScalarType == output.ScalarType)
        {
            BlockCopy.Copy((byte*)source.Data, source.Strides, (byte*)output.Data + (offset * output.ElementSize), output.Strides, source.Sizes, source.ElementSize);
            return;
        }

        Span<int> index = stackalloc int[source.Rank];
        index.Clear();
        for (long n = 0; n < source.ElementCount; n++)
        {
            var (from, to) = (0L, offset);
            for (var d = 0; d < index.Length; d++)
            {
                from += index[d] * source.Strides[d];
                to += index[d] * output.Strides[d];
            }

            var at = (byte*)source.Data + (from * source.ElementSize);
            var target = (byte*)output.Data + (to * output.ElementSize);
            if (source.ScalarType.IsFloatingPoint())
            {
                Elements.Store(target, output.ScalarType, Elements.LoadDouble(at, source.ScalarType));
            }
            else
            {
                Elements.Store(target, output.ScalarType, Elements.LoadLong(at, source.ScalarType));
            }

            for (var d = index.Length - 1; d >= 0 && ++index[d] == source.Sizes[d]; d--)
            {
                index[d] = 0;
            }
        }
    }

    private static void Stack(KernelContext context, Arguments arguments)
    {
        var output = Output(arguments);
        var tensors = arguments.TensorList(0);
        Dims.Check(tensors.Length > 0, "stack needs a tensor");
        var first = tensors[0]!;
        var dim = Dims.Wrap(arguments.Int(1), first.Rank + 1);
        Span<int> sizes = stackalloc int[first.Rank + 1];
        first.Sizes[..dim].CopyTo(sizes);
        sizes[dim] = tensors.Length;
        first.Sizes[dim..].CopyTo(sizes[(dim + 1)..]);
        output.Resize(sizes);
        Span<long> strides = stackalloc long[first.Rank];
        output.Strides[..dim].CopyTo(strides);
        output.Strides[(dim + 1)..].CopyTo(strides[dim..]);
        for (var i = 0; i < tensors.Length; i++)
        {
            Dims.Check(tensors[i]!.Sizes.SequenceEqual(first.Sizes) && tensors[i]!.ScalarType == output.ScalarType, "tensors of stack differ");
            BlockCopy.Copy((byte*)tensors[i]!.Data, tensors[i]!.Strides, (byte*)output.Data + (i * output.Strides[dim] * output.ElementSize), strides, first.Sizes, first.ElementSize);
        }
    }

    private static void SplitBySize(KernelContext context, Arguments arguments)
    {
        var (input, size) = (arguments.Tensor(0), arguments.Int(1));
        var dim = Dims.Wrap(arguments.Int(2), input.Rank);
        Dims.Check(size > 0, "the size of a split is not positive");
        var outputs = arguments.TensorList(arguments.Count - 1);
        long start = 0;
        foreach (var output in outputs)
        {
            var count = (int)Math.Min(size, Dims.Size(input, dim) - start);
            CopyPart(input, dim, start, count, output!);
            start += count;
        }
    }

    private static void SplitWithSizes(KernelContext context, Arguments arguments)
    {
        var input = arguments.Tensor(0);
        var dim = Dims.Wrap(arguments.Int(2), input.Rank);
        var sizes = arguments.IntList(1);
        var outputs = arguments.TensorList(arguments.Count - 1);
        Dims.Check(outputs.Length == sizes.Length, "a split has another number of outputs than sizes");
        long start = 0;
        for (var i = 0; i < sizes.Length; i++)
        {
            Dims.Check(sizes[i] >= 0 && sizes[i] <= Dims.Size(input, dim) - start, "a split leaves the dimension");
            CopyPart(input, dim, start, (int)sizes[i], outputs[i]!);
            start += sizes[i];
        }

        Dims.Check(start == input.Sizes[dim], "the sizes of a split do not add up to the dimension");
    }

    private static void CopyPart(TensorView input, int dim, long start, int count, TensorView output)
    {
        Dims.Check(input.Rank > 0, "a number cannot be split");
        Span<int> sizes = stackalloc int[input.Rank];
        input.Sizes.CopyTo(sizes);
        sizes[dim] = count;
        output.Resize(sizes);
        Dims.SameType(input, output);
        BlockCopy.Copy((byte*)input.Data + (start * input.Strides[dim] * input.ElementSize), input.Strides, (byte*)output.Data, output.Strides, sizes, input.ElementSize);
    }

    private static void Unbind(KernelContext context, Arguments arguments)
    {
        var input = arguments.Tensor(0);
        var dim = Dims.Wrap(arguments.Int(1), input.Rank);
        var outputs = arguments.TensorList(arguments.Count - 1);
        Dims.Check(input.Rank > 0 && outputs.Length == Dims.Size(input, dim), "unbind has another number of outputs than the dimension");
        Span<int> sizes = stackalloc int[input.Rank - 1];
        Span<long> strides = stackalloc long[input.Rank - 1];
        input.Sizes[..dim].CopyTo(sizes);
        input.Sizes[(dim + 1)..].CopyTo(sizes[dim..]);
        input.Strides[..dim].CopyTo(strides);
        input.Strides[(dim + 1)..].CopyTo(strides[dim..]);
        for (var i = 0; i < outputs.Length; i++)
        {
            outputs[i]!.Resize(sizes);
            Dims.SameType(input, outputs[i]!);
            BlockCopy.Copy((byte*)input.Data + (i * input.Strides[dim] * input.ElementSize), strides, (byte*)outputs[i]!.Data, outputs[i]!.Strides, sizes, input.ElementSize);
        }
    }

    private static void SelectScatter(KernelContext context, Arguments arguments)
    {
        var (input, source, output) = (arguments.Tensor(0), arguments.Tensor(1), Output(arguments));
        var dim = Dims.Wrap(arguments.Int(2), input.Rank);
        var index = arguments.Int(3);
        index = index < 0 ? index + input.Sizes[dim] : index;
        Dims.Check(index >= 0 && index < Dims.Size(input, dim) && source.Rank == input.Rank - 1, "select_scatter leaves the dimension");
        for (var i = 0; i < source.Rank; i++)
        {
            Dims.Check(source.Sizes[i] == input.Sizes[i < dim ? i : i + 1], "the source of select_scatter does not fit");
        }

        Dims.SameType(source, output);
        output.Resize(input.Sizes);
        CopyKernels.Convert(input, output);
        Span<long> strides = stackalloc long[input.Rank - 1];
        output.Strides[..dim].CopyTo(strides);
        output.Strides[(dim + 1)..].CopyTo(strides[dim..]);
        BlockCopy.Copy((byte*)source.Data, source.Strides, (byte*)output.Data + (index * output.Strides[dim] * output.ElementSize), strides, source.Sizes, source.ElementSize);
    }

    private static void SliceScatter(KernelContext context, Arguments arguments)
    {
        var (input, source, output) = (arguments.Tensor(0), arguments.Tensor(1), Output(arguments));
        var dim = Dims.Wrap(arguments.Int(2), input.Rank);
        var step = arguments.Int(5);
        var (start, count) = ViewKernels.SliceRange(arguments.OptionalInt(3), arguments.OptionalInt(4), step, Dims.Size(input, dim));
        Dims.Check(source.Rank == input.Rank && input.Rank > 0, "the source of slice_scatter does not fit the slice");
        for (var i = 0; i < source.Rank; i++)
        {
            Dims.Check(source.Sizes[i] == (i == dim ? count : input.Sizes[i]), "the source of slice_scatter does not fit the slice");
        }

        Dims.SameType(source, output);
        output.Resize(input.Sizes);
        CopyKernels.Convert(input, output);
        Span<long> strides = stackalloc long[input.Rank];
        output.Strides.CopyTo(strides);
        strides[dim] *= step;
        BlockCopy.Copy((byte*)source.Data, source.Strides, (byte*)output.Data + (start * output.Strides[dim] * output.ElementSize), strides, source.Sizes, source.ElementSize);
    }

    private static void Roll(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), Output(arguments));
        output.Resize(input.Sizes);
        Dims.SameType(input, output);
        Span<long> shift = stackalloc long[Math.Max(input.Rank, 1)];
        shift.Clear();
        var shifts = arguments.IntList(1);
        var dims = arguments.IntList(2);
        if (dims.Length == 0 && input.ElementCount > 0)
        {
            // Without dimensions the tensor is rolled as one row.
            Dims.Check(shifts.Length == 1 && input.IsContiguous && output.IsContiguous, "roll without dimensions needs one shift");
            var by = ((shifts[0] % input.ElementCount) + input.ElementCount) % input.ElementCount * input.ElementSize;
            Buffer.MemoryCopy(input.Data, (byte*)output.Data + by, input.ByteCount - by, input.ByteCount - by);
            Buffer.MemoryCopy((byte*)input.Data + input.ByteCount - by, output.Data, by, by);
            return;
        }

        Dims.Check(dims.Length == shifts.Length, "roll needs a shift for each dimension");
        for (var i = 0; i < dims.Length; i++)
        {
            shift[Dims.Wrap(dims[i], input.Rank)] += shifts[i];
        }

        Span<int> index = stackalloc int[input.Rank];
        index.Clear();
        for (long n = 0; n < input.ElementCount; n++)
        {
            long from = 0, to = 0;
            for (var d = 0; d < index.Length; d++)
            {
                from += index[d] * input.Strides[d];
                to += ((((index[d] + (shift[d] % input.Sizes[d])) % input.Sizes[d]) + input.Sizes[d]) % input.Sizes[d]) * output.Strides[d];
            }

            Buffer.MemoryCopy((byte*)input.Data + (from * input.ElementSize), (byte*)output.Data + (to * input.ElementSize), input.ElementSize, input.ElementSize);
            for (var d = index.Length - 1; d >= 0 && ++index[d] == input.Sizes[d]; d--)
            {
                index[d] = 0;
            }
        }
    }

    private static void Triangle(Arguments arguments, bool isLower)
    {
        var (input, diagonal, output) = (arguments.Tensor(0), arguments.Int(1), Output(arguments));
        Dims.Check(input.Rank >= 2, "a triangle needs two dimensions");
        output.Resize(input.Sizes);
        CopyKernels.Convert(input, output);
        Span<int> index = stackalloc int[input.Rank];
        index.Clear();
        for (long n = 0; n < output.ElementCount; n++)
        {
            if (isLower ? index[^1] - index[^2] > diagonal : index[^1] - index[^2] < diagonal)
            {
                long to = 0;
                for (var d = 0; d < index.Length; d++)
                {
                    to += index[d] * output.Strides[d];
                }

                new Span<byte>((byte*)output.Data + (to * output.ElementSize), output.ElementSize).Clear();
            }

            for (var d = index.Length - 1; d >= 0 && ++index[d] == output.Sizes[d]; d--)
            {
                index[d] = 0;
            }
        }
    }

    // [N, C r r, H, W] -> [N, C, H r, W r]
    private static void PixelShuffle(KernelContext context, Arguments arguments)
    {
        var (input, factor, output) = (arguments.Tensor(0), checked((int)arguments.Int(1)), Output(arguments));
        Dims.Check(input.Rank >= 3 && factor is > 0 and <= short.MaxValue && input.Sizes[^3] % (factor * factor) == 0, "pixel_shuffle needs channels that the factor divides");
        Span<int> sizes = stackalloc int[input.Rank];
        input.Sizes.CopyTo(sizes);
        (sizes[^3], sizes[^2], sizes[^1]) = (sizes[^3] / (factor * factor), sizes[^2] * factor, sizes[^1] * factor);
        output.Resize(sizes);
        Shuffle(input, output, input, factor, isForward: true);
    }

    private static void PixelUnshuffle(KernelContext context, Arguments arguments)
    {
        var (input, factor, output) = (arguments.Tensor(0), checked((int)arguments.Int(1)), Output(arguments));
        Dims.Check(input.Rank >= 3 && factor is > 0 and <= short.MaxValue && input.Sizes[^2] % factor == 0 && input.Sizes[^1] % factor == 0, "pixel_unshuffle needs sizes that the factor divides");
        Span<int> sizes = stackalloc int[input.Rank];
        input.Sizes.CopyTo(sizes);
        (sizes[^3], sizes[^2], sizes[^1]) = (sizes[^3] * factor * factor, sizes[^2] / factor, sizes[^1] / factor);
        output.Resize(sizes);
        Shuffle(output, input, output, factor, isForward: false);
    }

    // Packed [.., C r r, H, W] against spread [.., C, H r, W r]: one block for each of the r r phases.
    private static void Shuffle(TensorView packed, TensorView spread, TensorView shape, int factor, bool isForward)
    {
        var rank = packed.Rank;
        Dims.SameType(packed, spread);
        Span<int> sizes = stackalloc int[rank];
        Span<long> packedStrides = stackalloc long[rank];
        Span<long> spreadStrides = stackalloc long[rank];
        shape.Sizes.CopyTo(sizes);
        sizes[^3] /= factor * factor;
        packed.Strides.CopyTo(packedStrides);
        spread.Strides.CopyTo(spreadStrides);
        packedStrides[^3] *= factor * factor;
        spreadStrides[^2] *= factor;
        spreadStrides[^1] *= factor;
        for (var i = 0; i < factor; i++)
        {
            for (var j = 0; j < factor; j++)
            {
                var inPacked = (byte*)packed.Data + (((i * factor) + j) * packed.Strides[^3] * packed.ElementSize);
                var inSpread = (byte*)spread.Data + (((i * spread.Strides[^2]) + (j * spread.Strides[^1])) * packed.ElementSize);
                if (isForward)
                {
                    BlockCopy.Copy(inPacked, packedStrides, inSpread, spreadStrides, sizes, packed.ElementSize);
                }
                else
                {
                    BlockCopy.Copy(inSpread, spreadStrides, inPacked, packedStrides, sizes, packed.ElementSize);
                }
            }
        }
    }
}
