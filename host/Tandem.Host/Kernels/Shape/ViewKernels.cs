using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Shape;

/// <summary>Operators whose output is a strided look at one input: permute, expand, slice, select, unfold, ...</summary>
internal static unsafe class ViewKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::view_copy.out", ViewCopy)
        .Add("aten::permute_copy.out", Permute)
        .Add("aten::t_copy.out", (_, arguments) => Transpose(arguments, 0, 1))
        .Add("aten::transpose_copy.int_out", (_, arguments) => Transpose(arguments, arguments.Int(1), arguments.Int(2)))
        .Add("aten::expand_copy.out", Expand)
        .Add("aten::squeeze_copy.dim_out", (_, arguments) => SameElements(arguments, Squeezed(arguments.Tensor(0), [arguments.Int(1)], stackalloc int[TensorLayout.MaxRank])))
        .Add("aten::squeeze_copy.dims_out", (_, arguments) => SameElements(arguments, Squeezed(arguments.Tensor(0), arguments.IntList(1), stackalloc int[TensorLayout.MaxRank])))
        .Add("aten::unsqueeze_copy.out", Unsqueeze)
        .Add("aten::slice_copy.Tensor_out", Slice)
        .Add("aten::select_copy.int_out", Select)
        .Add("aten::narrow_copy.out", Narrow)
        .Add("aten::as_strided_copy.out", AsStrided)
        .Add("aten::diagonal_copy.out", Diagonal)
        .Add("aten::unfold_copy.out", Unfold)
        .Add("aten::view_as_real_copy.out", ViewAsReal)
        .Add("aten::flip.out", Flip)
        .Add("aten::repeat.out", Repeat);

    /// <summary>Resolves one -1 in a list of sizes.</summary>
    internal static void InferSizes(ReadOnlySpan<long> requested, long elements, Span<int> sizes)
    {
        var (inferred, product) = (-1, 1L);
        for (var i = 0; i < requested.Length; i++)
        {
            if (requested[i] == -1)
            {
                Dims.Check(inferred < 0, "a view infers more than one size");
                inferred = i;
            }
            else
            {
                Dims.Check(requested[i] is >= 0 and <= int.MaxValue, "a view's size is negative");
                sizes[i] = (int)requested[i];
                product *= requested[i];
            }
        }

        if (inferred >= 0)
        {
            Dims.Check(product > 0 && elements % product == 0, "a view's inferred size does not divide the elements");
            sizes[inferred] = (int)(elements / product);
            product *= sizes[inferred];
        }

        Dims.Check(product == elements, "a view has another number of elements");
    }

    private static TensorView Output(Arguments arguments) => arguments.Tensor(arguments.Count - 1);

    private static void ViewCopy(KernelContext context, Arguments arguments)
    {
        var input = arguments.Tensor(0);
        var requested = arguments.IntList(1);
        Span<int> sizes = stackalloc int[Dims.Rank(requested)];
        InferSizes(requested, input.ElementCount, sizes);
        Output(arguments).Resize(sizes);
        BlockCopy.CopyReshaped(input, Output(arguments), context);
    }

    private static void Permute(KernelContext context, Arguments arguments)
    {
        var input = arguments.Tensor(0);
        var dims = arguments.IntList(1);
        var output = Output(arguments);
        Dims.Check(dims.Length == input.Rank, "permute needs one entry for each dimension");
        Span<int> sizes = stackalloc int[Dims.Rank(dims)];
        Span<long> strides = stackalloc long[dims.Length];
        var seen = 0;
        for (var i = 0; i < dims.Length; i++)
        {
            var dim = Dims.Wrap(dims[i], input.Rank);
            Dims.Check((seen & (1 << dim)) == 0, "permute names a dimension twice");
            seen |= 1 << dim;
            (sizes[i], strides[i]) = (input.Sizes[dim], input.Strides[dim]);
        }

        Copy(input, 0, strides, sizes, output);
    }

    private static void Transpose(Arguments arguments, long first, long second)
    {
        var (input, output) = (arguments.Tensor(0), Output(arguments));
        Span<int> sizes = stackalloc int[input.Rank];
        Span<long> strides = stackalloc long[input.Rank];
        input.Sizes.CopyTo(sizes);
        input.Strides.CopyTo(strides);
        if (input.Rank > 1)
        {
            var (a, b) = (Dims.Wrap(first, input.Rank), Dims.Wrap(second, input.Rank));
            (sizes[a], sizes[b]) = (sizes[b], sizes[a]);
            (strides[a], strides[b]) = (strides[b], strides[a]);
        }

        Copy(input, 0, strides, sizes, output);
    }

    private static void Expand(KernelContext context, Arguments arguments)
    {
        var input = arguments.Tensor(0);
        var requested = arguments.IntList(1);
        var output = Output(arguments);
        var missing = requested.Length - input.Rank;
        Dims.Check(missing >= 0, "expand never drops dimensions");
        Span<int> sizes = stackalloc int[Dims.Rank(requested)];
        Span<long> strides = stackalloc long[requested.Length];
        for (var i = 0; i < sizes.Length; i++)
        {
            var size = i < missing ? 1 : input.Sizes[i - missing];
            sizes[i] = requested[i] == -1 ? size : checked((int)requested[i]);
            Dims.Check(size == sizes[i] || size == 1, "expand only grows dimensions of size 1");
            strides[i] = size == 1 ? 0 : input.Strides[i - missing];
        }

        Copy(input, 0, strides, sizes, output);
    }

    private static ReadOnlySpan<int> Squeezed(TensorView input, ReadOnlySpan<long> dims, Span<int> sizes)
    {
        var removed = 0;
        foreach (var dim in dims)
        {
            removed |= 1 << Dims.Wrap(dim, input.Rank);
        }

        var kept = 0;
        for (var i = 0; i < input.Rank; i++)
        {
            if ((removed & (1 << i)) == 0 || input.Sizes[i] != 1)
            {
                sizes[kept++] = input.Sizes[i];
            }
        }

        return sizes[..kept];
    }

    private static void SameElements(Arguments arguments, ReadOnlySpan<int> sizes)
    {
        var (input, output) = (arguments.Tensor(0), Output(arguments));
        output.Resize(sizes);

        // Only dimensions of size 1 differ: input and output walk in step.
        Span<long> from = stackalloc long[output.Rank];
        for (int i = 0, k = 0; i < output.Rank; i++)
        {
            if (output.Sizes[i] == 1)
            {
                continue;
            }

            while (input.Sizes[k] == 1)
            {
                k++;
            }

            from[i] = input.Strides[k++];
        }

        Dims.SameType(input, output);
        BlockCopy.Copy((byte*)input.Data, from, (byte*)output.Data, output.Strides, output.Sizes, input.ElementSize);
    }

    private static void Unsqueeze(KernelContext context, Arguments arguments)
    {
        var input = arguments.Tensor(0);
        var dim = Dims.Wrap(arguments.Int(1), input.Rank + 1);
        Span<int> sizes = stackalloc int[input.Rank + 1];
        input.Sizes[..dim].CopyTo(sizes);
        sizes[dim] = 1;
        input.Sizes[dim..].CopyTo(sizes[(dim + 1)..]);
        SameElements(arguments, sizes);
    }

    private static void Slice(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), Output(arguments));
        var dim = Dims.Wrap(arguments.Int(1), input.Rank);
        var (start, count) = SliceRange(arguments.OptionalInt(2), arguments.OptionalInt(3), arguments.Int(4), Dims.Size(input, dim));
        CopyRange(input, dim, start, count, arguments.Int(4), output);
    }

    /// <summary>Python's slice: negative ends count from the end, everything is clamped.</summary>
    internal static (long Start, int Count) SliceRange(long? start, long? end, long step, int size)
    {
        Dims.Check(step > 0, "a slice's step is not positive");
        var first = Math.Clamp(start is { } s ? (s < 0 ? s + size : s) : 0, 0, size);
        var last = Math.Clamp(end is { } e ? (e < 0 ? e + size : e) : size, first, size);
        return (first, last == first ? 0 : (int)((last - first - 1) / step) + 1);
    }

    private static void Narrow(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), Output(arguments));
        var dim = Dims.Wrap(arguments.Int(1), input.Rank);
        var (start, length) = (arguments.Int(2), arguments.Int(3));
        start = start < 0 ? start + Dims.Size(input, dim) : start;
        Dims.Check(input.Rank > 0 && start >= 0 && length >= 0 && length <= input.Sizes[dim] - start, "narrow leaves the dimension");
        CopyRange(input, dim, start, (int)length, 1, output);
    }

    private static void CopyRange(TensorView input, int dim, long start, int count, long step, TensorView output)
    {
        Dims.Check(input.Rank > 0, "a number has no part");
        Span<int> sizes = stackalloc int[input.Rank];
        Span<long> strides = stackalloc long[input.Rank];
        input.Sizes.CopyTo(sizes);
        input.Strides.CopyTo(strides);
        var offset = start * strides[dim];
        sizes[dim] = count;
        strides[dim] *= step;
        Copy(input, offset, strides, sizes, output);
    }

    private static void Select(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), Output(arguments));
        var dim = Dims.Wrap(arguments.Int(1), input.Rank);
        var index = arguments.Int(2);
        index = index < 0 ? index + Dims.Size(input, dim) : index;
        Dims.Check(input.Rank > 0 && index >= 0 && index < input.Sizes[dim], "select leaves the dimension");
        Span<int> sizes = stackalloc int[input.Rank - 1];
        Span<long> strides = stackalloc long[input.Rank - 1];
        for (int i = 0, k = 0; i < input.Rank; i++)
        {
            if (i != dim)
            {
                (sizes[k], strides[k++]) = (input.Sizes[i], input.Strides[i]);
            }
        }

        Copy(input, index * input.Strides[dim], strides, sizes, output);
    }

    private static void AsStrided(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), Output(arguments));
        var requested = arguments.IntList(1);
        Span<int> sizes = stackalloc int[Dims.Rank(requested)];
        Dims.ToSizes(requested, sizes);
        var requestedStrides = arguments.IntList(2);
        Dims.Check(requestedStrides.Length == sizes.Length, "as_strided needs a stride for each size");
        Span<long> strides = stackalloc long[requested.Length];
        requestedStrides.CopyTo(strides);
        var offset = arguments.OptionalInt(3) ?? 0;
        var last = (Int128)offset;
        var isEmpty = false;
        for (var i = 0; i < sizes.Length; i++)
        {
            Dims.Check(strides[i] >= 0, "as_strided has a negative stride");
            isEmpty |= sizes[i] == 0;
            last += (Int128)strides[i] * (sizes[i] - 1);
        }

        Dims.Check(isEmpty || (offset >= 0 && last < input.ElementCount), "as_strided leaves its tensor");
        Copy(input, offset, strides, sizes, output);
    }

    private static void Diagonal(KernelContext context, Arguments arguments)
    {
        var (input, offset, output) = (arguments.Tensor(0), arguments.Int(1), Output(arguments));
        var (first, second) = (Dims.Wrap(arguments.Int(2), input.Rank), Dims.Wrap(arguments.Int(3), input.Rank));
        Dims.Check(first != second && input.Rank > 1 && offset is >= int.MinValue and <= int.MaxValue, "a diagonal needs two dimensions");
        var count = offset >= 0 ? Math.Min(input.Sizes[first], input.Sizes[second] - offset) : Math.Min(input.Sizes[first] + offset, input.Sizes[second]);
        Span<int> sizes = stackalloc int[input.Rank - 1];
        Span<long> strides = stackalloc long[input.Rank - 1];
        var k = 0;
        for (var i = 0; i < input.Rank; i++)
        {
            if (i != first && i != second)
            {
                (sizes[k], strides[k++]) = (input.Sizes[i], input.Strides[i]);
            }
        }

        (sizes[k], strides[k]) = ((int)Math.Max(count, 0), input.Strides[first] + input.Strides[second]);
        Copy(input, count <= 0 ? 0 : offset >= 0 ? offset * input.Strides[second] : -offset * input.Strides[first], strides, sizes, output);
    }

    private static void Unfold(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), Output(arguments));
        var dim = Dims.Wrap(arguments.Int(1), input.Rank);
        var (size, step) = (arguments.Int(2), arguments.Int(3));
        Dims.Check(step > 0 && size >= 0 && size <= Dims.Size(input, dim), "unfold leaves the dimension");
        Span<int> sizes = stackalloc int[input.Rank + 1];
        Span<long> strides = stackalloc long[input.Rank + 1];
        input.Sizes.CopyTo(sizes);
        input.Strides.CopyTo(strides);
        var stride = input.Rank == 0 ? 1 : strides[dim];
        if (input.Rank > 0)
        {
            sizes[dim] = (int)(((sizes[dim] - size) / step) + 1);
            strides[dim] *= step;
        }

        (sizes[^1], strides[^1]) = ((int)size, stride);
        Copy(input, 0, strides, sizes, output);
    }

    private static void ViewAsReal(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), Output(arguments));
        Dims.Check(input.ScalarType.IsComplex(), "view_as_real needs a complex tensor");
        Span<int> sizes = stackalloc int[input.Rank + 1];
        Span<long> strides = stackalloc long[input.Rank + 1];
        for (var i = 0; i < input.Rank; i++)
        {
            (sizes[i], strides[i]) = (input.Sizes[i], input.Strides[i] * 2);
        }

        (sizes[^1], strides[^1]) = (2, 1);
        output.Resize(sizes);
        Dims.Check(output.ElementSize * 2 == input.ElementSize, "view_as_real's output has another dtype than the parts of its input");
        BlockCopy.Copy((byte*)input.Data, strides, (byte*)output.Data, output.Strides, sizes, output.ElementSize);
    }

    private static void Flip(KernelContext context, Arguments arguments)
    {
        var input = arguments.Tensor(0);
        var dims = arguments.IntList(1);
        var output = Output(arguments);
        Span<long> strides = stackalloc long[input.Rank];
        input.Strides.CopyTo(strides);
        long offset = 0;
        var flipped = 0;
        foreach (var item in dims)
        {
            if (input.Rank > 0)
            {
                var dim = Dims.Wrap(item, input.Rank);
                Dims.Check((flipped & (1 << dim)) == 0, "flip names a dimension twice");
                flipped |= 1 << dim;
                offset += strides[dim] * (input.Sizes[dim] - 1);
                strides[dim] = -strides[dim];
            }
        }

        Copy(input, offset, strides, input.Sizes, output);
    }

    private static void Repeat(KernelContext context, Arguments arguments)
    {
        var input = arguments.Tensor(0);
        var repeats = arguments.IntList(1);
        var output = Output(arguments);
        var missing = repeats.Length - input.Rank;
        Dims.Check(missing >= 0, "repeat needs a count for each dimension");
        Span<int> sizes = stackalloc int[Dims.Rank(repeats)];
        for (var i = 0; i < sizes.Length; i++)
        {
            sizes[i] = checked((int)(repeats[i] * (i < missing ? 1 : input.Sizes[i - missing])));
        }

        output.Resize(sizes);
        Dims.SameType(input, output);

        // Each copy of the input is one block of the output.
        Span<long> counter = stackalloc long[repeats.Length];
        counter.Clear();
        Span<long> strides = stackalloc long[input.Rank];
        output.Strides[missing..].CopyTo(strides);
        if (output.ElementCount == 0)
        {
            return;
        }

        while (true)
        {
            long offset = 0;
            for (var i = 0; i < repeats.Length; i++)
            {
                offset += counter[i] * (i < missing ? 1 : input.Sizes[i - missing]) * output.Strides[i];
            }

            BlockCopy.Copy((byte*)input.Data, input.Strides, (byte*)output.Data + (offset * output.ElementSize), strides, input.Sizes, input.ElementSize);
            var d = repeats.Length - 1;
            for (; d >= 0 && ++counter[d] == repeats[d]; d--)
            {
                counter[d] = 0;
            }

            if (d < 0)
            {
                return;
            }
        }
    }

    private static void Copy(TensorView input, long offset, ReadOnlySpan<long> strides, ReadOnlySpan<int> sizes, TensorView output)
    {
        output.Resize(sizes);
        Dims.SameType(input, output);
        BlockCopy.Copy((byte*)input.Data + (offset * input.ElementSize), strides, (byte*)output.Data, output.Strides, sizes, input.ElementSize);
    }
}
