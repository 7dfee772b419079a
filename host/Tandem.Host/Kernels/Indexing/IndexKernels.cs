using Tandem.Host.Kernels.Common;
using Tandem.Host.Kernels.Pointwise;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Indexing;

/// <summary>index.Tensor and index_put: integer and mask indices that broadcast together.</summary>
internal static unsafe class IndexKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::index.Tensor_out", Index)
        .Add("aten::index_put.out", IndexPut)
        .Add("aten::index_put_", IndexPutInPlace);

    private static void Index(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        var plan = new IndexPlan(context, input, arguments.TensorList(1));
        Span<int> sizes = stackalloc int[plan.ResultRank];
        plan.FillResultSizes(sizes);
        output.Resize(sizes);
        Dims.SameType(input, output);
        Span<long> strides = stackalloc long[plan.RestRank];
        Span<long> indexed = stackalloc long[plan.BroadcastRank];
        plan.SplitResultStrides(output.Strides, strides, indexed);
        var block = new IndexBlock(plan, stackalloc int[plan.RestRank + 1], stackalloc long[plan.RestRank + 1], stackalloc long[plan.RestRank + 1], strides);
        for (long n = 0; n < plan.Count;)
        {
            var run = plan.Run(n, indexed, out var offsetStep, out var placeStep);
            block.Set(run, offsetStep, placeStep);
            BlockCopy.Copy(
                (byte*)input.Data + (plan.Offset(n) * input.ElementSize), block.IndexedStrides,
                (byte*)output.Data + (plan.Place(n, indexed) * output.ElementSize), block.ResultStrides, block.Sizes, input.ElementSize);
            n += run;
        }
    }

    private static void IndexPut(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        output.Resize(input.Sizes);
        CopyKernels.Convert(input, output);
        Put(context, output, arguments);
    }

    private static void IndexPutInPlace(KernelContext context, Arguments arguments)
    {
        var self = arguments.Tensor(0);
        Dims.Check(!self.IsReadOnly, "a constant cannot be indexed into");
        Put(context, self, arguments);
        var output = arguments.Tensor(arguments.Count - 1);
        if (output.Data != self.Data)
        {
            output.Resize(self.Sizes);
            CopyKernels.Convert(self, output);
        }
    }

    private static void Put(KernelContext context, TensorView target, Arguments arguments)
    {
        var values = arguments.Tensor(2);
        var accumulates = arguments.Bool(3);
        Dims.Check(values.ScalarType == target.ScalarType, "index_put's values have another dtype");
        var plan = new IndexPlan(context, target, arguments.TensorList(1));
        Span<int> sizes = stackalloc int[plan.ResultRank];
        plan.FillResultSizes(sizes);

        // Strides of the values, broadcast to the result's shape.
        Span<long> broadcast = stackalloc long[plan.ResultRank];
        var missing = plan.ResultRank - values.Rank;
        Dims.Check(missing >= 0, "index_put's values have too many dimensions");
        for (var i = 0; i < sizes.Length; i++)
        {
            var size = i < missing ? 1 : values.Sizes[i - missing];
            Dims.Check(size == sizes[i] || size == 1, "index_put's values do not broadcast to the places");
            broadcast[i] = size == 1 ? 0 : values.Strides[i - missing];
        }

        Span<long> strides = stackalloc long[plan.RestRank];
        Span<long> indexed = stackalloc long[plan.BroadcastRank];
        plan.SplitResultStrides(broadcast, strides, indexed);
        var block = new IndexBlock(plan, stackalloc int[plan.RestRank + 1], stackalloc long[plan.RestRank + 1], stackalloc long[plan.RestRank + 1], strides);
        for (long n = 0; n < plan.Count;)
        {
            long offsetStep = 0, placeStep = 0;
            var run = accumulates ? 1 : plan.Run(n, indexed, out offsetStep, out placeStep);

            // Of several values for one place the last stays; descending places are written from the last on, in ascending order.
            var first = offsetStep > 0 ? n : n + run - 1;
            block.Set(offsetStep == 0 ? 1 : run, Math.Abs(offsetStep), offsetStep < 0 ? -placeStep : placeStep);
            var source = (byte*)values.Data + (plan.Place(first, indexed) * values.ElementSize);
            var place = (byte*)target.Data + (plan.Offset(first) * target.ElementSize);
            if (accumulates)
            {
                Accumulate(source, block.ResultStrides, place, block.IndexedStrides, block.Sizes, target.ScalarType);
            }
            else
            {
                BlockCopy.Copy(source, block.ResultStrides, place, block.IndexedStrides, block.Sizes, target.ElementSize);
            }

            n += run;
        }
    }

    private static void Accumulate(byte* source, ReadOnlySpan<long> from, byte* target, ReadOnlySpan<long> to, ReadOnlySpan<int> sizes, ScalarType type)
    {
        Span<int> index = stackalloc int[sizes.Length];
        index.Clear();
        var size = type.Size();
        for (var left = Dims.Product(sizes); left > 0; left--)
        {
            long a = 0, b = 0;
            for (var d = 0; d < index.Length; d++)
            {
                a += index[d] * from[d];
                b += index[d] * to[d];
            }

            var at = target + (b * size);
            if (type.IsFloatingPoint())
            {
                Elements.Store(at, type, Elements.LoadDouble(at, type) + Elements.LoadDouble(source + (a * size), type));
            }
            else
            {
                Elements.Store(at, type, Elements.LoadLong(at, type) + Elements.LoadLong(source + (a * size), type));
            }

            for (var d = index.Length - 1; d >= 0 && ++index[d] == sizes[d]; d--)
            {
                index[d] = 0;
            }
        }
    }
}
