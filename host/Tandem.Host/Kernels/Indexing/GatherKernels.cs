using Tandem.Host.Kernels.Common;
using Tandem.Host.Kernels.Pointwise;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Indexing;

/// <summary>Kernels that read or write along one dimension by index, or by mask: gather, scatter, index_select, embedding, nonzero, ...</summary>
internal static unsafe class GatherKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::gather.out", Gather)
        .Add("aten::scatter.src_out", (context, arguments) => Scatter(context, arguments, arguments.Tensor(3), null, "set", true))
        .Add("aten::scatter.value_out", (context, arguments) => Scatter(context, arguments, null, arguments[3], "set", true))
        .Add("aten::scatter_add.out", (context, arguments) => Scatter(context, arguments, arguments.Tensor(3), null, "sum", true))
        .Add("aten::scatter_reduce.two_out", (context, arguments) => Scatter(context, arguments, arguments.Tensor(3), null, arguments.String(4), arguments.Bool(5)))
        .Add("aten::index_select.out", IndexSelect)
        .Add("aten::embedding.out", Embedding)
        .Add("aten::nonzero.out", NonZero)
        .Add("aten::masked_select.out", MaskedSelect)
        .Add("aten::masked_scatter.out", MaskedScatter)
        .Add("aten::repeat_interleave.Tensor_out", RepeatInterleave);

    private static TensorView Output(Arguments arguments) => arguments.Tensor(arguments.Count - 1);

    /// <summary>An index, which must not be negative.</summary>
    internal static long IndexAt(TensorView index, long at, int size)
    {
        var value = index.ScalarType switch
        {
            ScalarType.Int => ((int*)index.Data)[at],
            ScalarType.Long => ((long*)index.Data)[at],
            _ => throw Elements.NotSupported(index.ScalarType),
        };
        return value >= 0 && value < size ? value : throw Dims.Invalid("an index is out of range", $"0 to {size - 1}", value.ToString());
    }

    private static void Gather(KernelContext context, Arguments arguments)
    {
        var (input, index, output) = (arguments.Tensor(0), arguments.Tensor(2), Output(arguments));
        var dim = Dims.Wrap(arguments.Int(1), input.Rank);
        Dims.Check(index.Rank == input.Rank || index.ElementCount == 0, "gather's index has another rank");
        Dims.SameType(input, output);
        output.Resize(index.Sizes);
        Span<int> place = stackalloc int[index.Rank];
        place.Clear();
        var size = input.ElementSize;
        for (long n = 0; n < index.ElementCount; n++)
        {
            long from = 0, at = 0, to = 0;
            for (var d = 0; d < place.Length; d++)
            {
                Dims.Check(d == dim || place[d] < input.Sizes[d], "gather's index is larger than its input");
                at += place[d] * index.Strides[d];
                to += place[d] * output.Strides[d];
                from += d == dim ? 0 : place[d] * input.Strides[d];
            }

            from += IndexAt(index, at, Dims.Size(input, dim)) * (input.Rank == 0 ? 0 : input.Strides[dim]);
            Buffer.MemoryCopy((byte*)input.Data + (from * size), (byte*)output.Data + (to * size), size, size);
            Next(place, index.Sizes);
        }
    }

    private static void Scatter(KernelContext context, Arguments arguments, TensorView? source, EValue? number, string reduction, bool includesSelf)
    {
        var (input, index, output) = (arguments.Tensor(0), arguments.Tensor(2), Output(arguments));
        var dim = Dims.Wrap(arguments.Int(1), input.Rank);
        output.Resize(input.Sizes);
        CopyKernels.Convert(input, output);
        if (!includesSelf)
        {
            foreach (var (_, target) in new ScatterPlaces(index, source, output, dim))
            {
                Start(output, target, reduction);
            }
        }

        if (reduction == "mean")
        {
            Mean(context, index, source!, output, dim, includesSelf);
            return;
        }

        foreach (var (from, target) in new ScatterPlaces(index, source, output, dim))
        {
            var at = (byte*)output.Data + (target * output.ElementSize);
            if (output.ScalarType.IsFloatingPoint())
            {
                var value = source is null ? number!.Value.AsDouble() : Elements.LoadDouble((byte*)source.Data + (from * source.ElementSize), source.ScalarType);
                Elements.Store(at, output.ScalarType, Combine(reduction, Elements.LoadDouble(at, output.ScalarType), value));
            }
            else
            {
                var value = source is null ? (number!.Value.Kind == EValueKind.Double ? Elements.ToLong(number.Value.AsDouble()) : number.Value.AsInt())
                    : Elements.LoadLong((byte*)source.Data + (from * source.ElementSize), source.ScalarType);
                Elements.Store(at, output.ScalarType, Combine(reduction, Elements.LoadLong(at, output.ScalarType), value));
            }
        }
    }

    private static void Mean(KernelContext context, TensorView index, TensorView source, TensorView output, int dim, bool includesSelf)
    {
        var counts = context.Allocate<int>(checked((int)output.ElementCount));
        counts.Clear();
        foreach (var (from, target) in new ScatterPlaces(index, source, output, dim))
        {
            counts[(int)target]++;
            var at = (byte*)output.Data + (target * output.ElementSize);
            Elements.Store(at, output.ScalarType, Elements.LoadDouble(at, output.ScalarType) + Elements.LoadDouble((byte*)source.Data + (from * source.ElementSize), source.ScalarType));
        }

        for (var n = 0; n < counts.Length; n++)
        {
            if (counts[n] > 0)
            {
                var at = (byte*)output.Data + ((long)n * output.ElementSize);
                var mean = Elements.LoadDouble(at, output.ScalarType) / (counts[n] + (includesSelf ? 1 : 0));
                Elements.Store(at, output.ScalarType, output.ScalarType.IsFloatingPoint() ? mean : Math.Floor(mean));
            }
        }
    }

    private static void Start(TensorView output, long target, string reduction)
    {
        var at = (byte*)output.Data + (target * output.ElementSize);
        if (output.ScalarType.IsFloatingPoint())
        {
            Elements.Store(at, output.ScalarType, reduction switch { "prod" => 1.0, "amax" => double.NegativeInfinity, "amin" => double.PositiveInfinity, _ => 0.0 });
        }
        else
        {
            Elements.Store(at, output.ScalarType, reduction switch { "prod" => 1L, "amax" => long.MinValue, "amin" => long.MaxValue, _ => 0L });
        }
    }

    private static double Combine(string reduction, double old, double value) => reduction switch
    {
        "set" => value,
        "sum" => old + value,
        "prod" => old * value,
        "amax" => Math.Max(old, value),
        "amin" => Math.Min(old, value),
        _ => throw Dims.Invalid("the reduction is unknown", "sum, prod, mean, amax, amin", reduction),
    };

    private static long Combine(string reduction, long old, long value) => reduction switch
    {
        "set" => value,
        "sum" => old + value,
        "prod" => old * value,
        "amax" => Math.Max(old, value),
        "amin" => Math.Min(old, value),
        _ => throw Dims.Invalid("the reduction is unknown", "sum, prod, mean, amax, amin", reduction),
    };

    private static void IndexSelect(KernelContext context, Arguments arguments)
    {
        var (input, index, output) = (arguments.Tensor(0), arguments.Tensor(2), Output(arguments));
        var dim = Dims.Wrap(arguments.Int(1), input.Rank);
        Dims.Check(index.Rank <= 1 && input.Rank > 0, "index_select's index is a list");
        Dims.SameType(input, output);
        Span<int> sizes = stackalloc int[input.Rank];
        input.Sizes.CopyTo(sizes);
        sizes[dim] = (int)index.ElementCount;
        output.Resize(sizes);
        sizes[dim] = 1;
        for (var i = 0; i < index.ElementCount; i++)
        {
            BlockCopy.Copy((byte*)input.Data + (IndexAt(index, i, input.Sizes[dim]) * input.Strides[dim] * input.ElementSize), input.Strides,
                (byte*)output.Data + (i * output.Strides[dim] * output.ElementSize), output.Strides, sizes, input.ElementSize);
        }
    }

    private static void Embedding(KernelContext context, Arguments arguments)
    {
        var (table, index, output) = (arguments.Tensor(0), arguments.Tensor(1), Output(arguments));
        Dims.Check(table.Rank == 2 && table.IsContiguous && index.IsContiguous && output.IsContiguous, "embedding needs a table of rows");
        Dims.SameType(table, output);
        Span<int> sizes = stackalloc int[index.Rank + 1];
        index.Sizes.CopyTo(sizes);
        sizes[^1] = table.Sizes[1];
        output.Resize(sizes);
        var row = (long)table.Sizes[1] * table.ElementSize;
        for (long i = 0; i < index.ElementCount; i++)
        {
            Buffer.MemoryCopy((byte*)table.Data + (IndexAt(index, i, table.Sizes[0]) * row), (byte*)output.Data + (i * row), row, row);
        }
    }

    // One row of coordinates for each element that is not zero, in row-major order.
    private static void NonZero(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), Output(arguments));
        Dims.IsType(output, ScalarType.Long);
        Span<int> place = stackalloc int[input.Rank];
        var found = 0;
        for (var pass = 0; pass < 2; pass++)
        {
            if (pass == 1)
            {
                output.Resize([found, input.Rank]);
            }

            place.Clear();
            var row = 0;
            for (long n = 0; n < input.ElementCount && (pass == 0 || row < found); n++)
            {
                long at = 0;
                for (var d = 0; d < place.Length; d++)
                {
                    at += place[d] * input.Strides[d];
                }

                var pointer = (byte*)input.Data + (at * input.ElementSize);
                if (input.ScalarType.IsFloatingPoint() ? Elements.LoadDouble(pointer, input.ScalarType) != 0 : Elements.LoadLong(pointer, input.ScalarType) != 0)
                {
                    for (var d = 0; d < place.Length && pass == 1; d++)
                    {
                        ((long*)output.Data)[(row * output.Strides[0]) + (d * output.Strides[1])] = place[d];
                    }

                    row++;
                }

                Next(place, input.Sizes);
            }

            found = row;
        }
    }

    private static void MaskedSelect(KernelContext context, Arguments arguments)
    {
        var (input, mask, output) = (arguments.Tensor(0), arguments.Tensor(1), Output(arguments));
        Span<int> sizes = stackalloc int[Math.Max(input.Rank, mask.Rank)];
        Dims.Broadcast(input.Sizes, mask.Sizes, sizes);
        Dims.IsMask(mask);
        Dims.SameType(input, output);
        Span<int> place = stackalloc int[sizes.Length];
        var found = 0;
        for (var pass = 0; pass < 2; pass++)
        {
            if (pass == 1)
            {
                output.Resize([found]);
            }

            place.Clear();
            var row = 0;
            for (var left = Dims.Product(sizes); left > 0 && (pass == 0 || row < found); left--)
            {
                if (((byte*)mask.Data)[BroadcastOffset(mask, place)] != 0)
                {
                    if (pass == 1)
                    {
                        Buffer.MemoryCopy((byte*)input.Data + (BroadcastOffset(input, place) * input.ElementSize), (byte*)output.Data + ((long)row * input.ElementSize), input.ElementSize, input.ElementSize);
                    }

                    row++;
                }

                Next(place, sizes);
            }

            found = row;
        }
    }

    private static void MaskedScatter(KernelContext context, Arguments arguments)
    {
        var (input, mask, source, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(2), Output(arguments));
        Dims.IsMask(mask);
        Dims.SameType(source, output);
        Dims.ResizeToBroadcast(input, mask, output);
        CopyKernels.Convert(input, output);
        Span<int> place = stackalloc int[output.Rank];
        place.Clear();
        long taken = 0;
        for (long n = 0; n < output.ElementCount; n++)
        {
            if (((byte*)mask.Data)[BroadcastOffset(mask, place)] != 0)
            {
                Dims.Check(taken < source.ElementCount, "masked_scatter's source has too few elements");
                Buffer.MemoryCopy((byte*)source.Data + (taken++ * source.ElementSize), (byte*)output.Data + (BroadcastOffset(output, place) * output.ElementSize), output.ElementSize, output.ElementSize);
            }

            Next(place, output.Sizes);
        }
    }

    private static void RepeatInterleave(KernelContext context, Arguments arguments)
    {
        var (repeats, output) = (arguments.Tensor(0), Output(arguments));
        Dims.Check(repeats.Rank == 1, "repeats are a list");
        long total = 0;
        for (var i = 0; i < repeats.ElementCount; i++)
        {
            var count = Elements.LoadLong((byte*)repeats.Data + ((long)i * repeats.ElementSize), repeats.ScalarType);
            Dims.Check(count is >= 0 and <= int.MaxValue, "a repeat is negative or too large");
            total += count;
        }

        output.Resize([checked((int)total)]);
        long place = 0;
        for (var i = 0; i < repeats.ElementCount; i++)
        {
            for (var left = Elements.LoadLong((byte*)repeats.Data + ((long)i * repeats.ElementSize), repeats.ScalarType); left > 0 && place < total; left--)
            {
                Elements.Store((byte*)output.Data + (place++ * output.ElementSize), output.ScalarType, (long)i);
            }
        }
    }

    private static long BroadcastOffset(TensorView tensor, ReadOnlySpan<int> place)
    {
        long offset = 0;
        var missing = place.Length - tensor.Rank;
        for (var d = 0; d < tensor.Rank; d++)
        {
            offset += tensor.Sizes[d] == 1 ? 0 : place[d + missing] * tensor.Strides[d];
        }

        return offset;
    }

    private static void Next(Span<int> place, ReadOnlySpan<int> sizes)
    {
        for (var d = place.Length - 1; d >= 0 && ++place[d] == sizes[d]; d--)
        {
            place[d] = 0;
        }
    }
}
