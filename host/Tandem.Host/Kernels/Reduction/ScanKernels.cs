using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Reduction;

/// <summary>Kernels along one dimension that keep its size: cumulative sums, softmax, sorting.</summary>
internal static unsafe class ScanKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::cumsum.out", (_, arguments) => Cumulative(arguments, isProduct: false))
        .Add("aten::cumprod.out", (_, arguments) => Cumulative(arguments, isProduct: true))
        .Add("aten::_softmax.out", (context, arguments) => Softmax(context, arguments, isLog: false))
        .Add("aten::_log_softmax.out", (context, arguments) => Softmax(context, arguments, isLog: true))
        .Add("aten::sort.values", (context, arguments) => Sort(context, arguments, arguments.Int(1), arguments.Bool(2)))
        .Add("aten::sort.values_stable", (context, arguments) => Sort(context, arguments, arguments.Int(2), arguments.Bool(3)))
        .Add("aten::topk.values", TopK);

    private static void Cumulative(Arguments arguments, bool isProduct)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        output.Resize(input.Sizes);
        var dim = Dims.Wrap(arguments.Int(1), input.Rank);
        foreach (var line in new Lines(input, output, dim))
        {
            if (output.ScalarType.IsFloatingPoint())
            {
                var total = isProduct ? 1.0 : 0.0;
                for (var i = 0; i < line.Count; i++)
                {
                    var value = Elements.LoadDouble(line.Source + (i * line.SourceStride), input.ScalarType);
                    total = isProduct ? total * value : total + value;
                    Elements.Store(line.Target + (i * line.TargetStride), output.ScalarType, total);
                }
            }
            else
            {
                var total = isProduct ? 1L : 0L;
                for (var i = 0; i < line.Count; i++)
                {
                    var value = Elements.LoadLong(line.Source + (i * line.SourceStride), input.ScalarType);
                    total = isProduct ? total * value : total + value;
                    Elements.Store(line.Target + (i * line.TargetStride), output.ScalarType, total);
                }
            }
        }
    }

    private static void Softmax(KernelContext context, Arguments arguments, bool isLog)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        output.Resize(input.Sizes);
        var dim = Dims.Wrap(arguments.Int(1), input.Rank);
        var isVector = !isLog && input.ScalarType == ScalarType.Float && output.ScalarType == ScalarType.Float;
        foreach (var line in new Lines(input, output, dim))
        {
            if (isVector && line.SourceStride == 4 && line.TargetStride == 4)
            {
                SoftmaxRow.Run(new ReadOnlySpan<float>(line.Source, line.Count), new Span<float>(line.Target, line.Count));
                continue;
            }

            var greatest = double.NegativeInfinity;
            for (var i = 0; i < line.Count; i++)
            {
                greatest = Math.Max(greatest, Elements.LoadDouble(line.Source + (i * line.SourceStride), input.ScalarType));
            }

            var sum = 0.0;
            for (var i = 0; i < line.Count; i++)
            {
                sum += Math.Exp(Elements.LoadDouble(line.Source + (i * line.SourceStride), input.ScalarType) - greatest);
            }

            var logarithm = Math.Log(sum);
            for (var i = 0; i < line.Count; i++)
            {
                var value = Elements.LoadDouble(line.Source + (i * line.SourceStride), input.ScalarType) - greatest;
                Elements.Store(line.Target + (i * line.TargetStride), output.ScalarType, isLog ? value - logarithm : Math.Exp(value) / sum);
            }
        }
    }

    private static void Sort(KernelContext context, Arguments arguments, long dimension, bool descends)
    {
        var input = arguments.Tensor(0);
        var outputs = arguments.TensorList(arguments.Count - 1);
        outputs[0]!.Resize(input.Sizes);
        outputs[1]!.Resize(input.Sizes);
        Order(context, input, outputs[0]!, outputs[1]!, Dims.Wrap(dimension, input.Rank), descends, Dims.Size(input, Dims.Wrap(dimension, input.Rank)));
    }

    private static void TopK(KernelContext context, Arguments arguments)
    {
        var input = arguments.Tensor(0);
        var outputs = arguments.TensorList(arguments.Count - 1);
        var dim = Dims.Wrap(arguments.Int(2), input.Rank);
        var count = checked((int)arguments.Int(1));
        Dims.Check(count >= 0 && count <= Dims.Size(input, dim), "topk asks for more elements than there are");
        Span<int> sizes = stackalloc int[input.Rank];
        input.Sizes.CopyTo(sizes);
        if (input.Rank > 0)
        {
            sizes[dim] = count;
        }

        outputs[0]!.Resize(sizes);
        outputs[1]!.Resize(sizes);
        Order(context, input, outputs[0]!, outputs[1]!, dim, arguments.Bool(3), count);
    }

    // Stable; NaN counts as greater than everything.
    private static void Order(KernelContext context, TensorView input, TensorView values, TensorView indices, int dim, bool descends, int kept)
    {
        Dims.IsType(indices, ScalarType.Long);
        Dims.SameType(input, values);
        Dims.Check(values.DimOrder.SequenceEqual(indices.DimOrder), "values and indices have different dim orders");
        var keys = context.Allocate<SortKey>(Dims.Size(input, dim));
        var (size, isFloat) = (input.ElementSize, input.ScalarType.IsFloatingPoint());
        foreach (var line in new Lines(input, values, dim))
        {
            for (var i = 0; i < line.Count; i++)
            {
                var at = line.Source + (i * line.SourceStride);
                keys[i] = new SortKey(isFloat ? Elements.LoadDouble(at, input.ScalarType) : 0, isFloat ? 0 : Elements.LoadLong(at, input.ScalarType), i);
            }

            if (descends)
            {
                keys.Sort(static (left, right) => SortKey.Compare(right, left) is var order && order != 0 ? order : left.Index.CompareTo(right.Index));
            }
            else
            {
                keys.Sort(static (left, right) => SortKey.Compare(left, right) is var order && order != 0 ? order : left.Index.CompareTo(right.Index));
            }

            var place = (line.Target - (byte*)values.Data) / size;
            var stride = line.TargetStride / size;
            for (var i = 0; i < kept; i++)
            {
                Buffer.MemoryCopy(line.Source + (keys[i].Index * line.SourceStride), line.Target + (i * line.TargetStride), size, size);
                ((long*)indices.Data)[place + (i * stride)] = keys[i].Index;
            }
        }
    }

    private readonly record struct SortKey(double Float, long Integer, int Index)
    {
        internal static int Compare(SortKey left, SortKey right)
        {
            var byFloat = double.IsNaN(left.Float) ? (double.IsNaN(right.Float) ? 0 : 1) : double.IsNaN(right.Float) ? -1 : left.Float.CompareTo(right.Float);
            return byFloat != 0 ? byFloat : left.Integer.CompareTo(right.Integer);
        }
    }
}
