using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Reduction;

/// <summary>Extremes with their places: argmax, argmin, max and min over a dimension, median.</summary>
internal static unsafe class ArgumentKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::argmax.out", (_, arguments) => Argument(arguments, isGreatest: true))
        .Add("aten::argmin.out", (_, arguments) => Argument(arguments, isGreatest: false))
        .Add("aten::max.dim_max", (_, arguments) => WithValues(arguments, isGreatest: true))
        .Add("aten::min.dim_min", (_, arguments) => WithValues(arguments, isGreatest: false))
        .Add("aten::median.dim_values", Median);

    private static void Argument(Arguments arguments, bool isGreatest)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        var plan = arguments[1].IsNone ? ReductionPlan.Create(input, [], arguments.Bool(2), output) : ReductionPlan.Create(input, [arguments.Int(1)], arguments.Bool(2), output);
        Run(ref plan, input, null, output, isGreatest);
    }

    private static void WithValues(Arguments arguments, bool isGreatest)
    {
        var input = arguments.Tensor(0);
        var outputs = arguments.TensorList(arguments.Count - 1);
        var (values, indices) = (outputs[0]!, outputs[1]!);
        var plan = ReductionPlan.Create(input, [arguments.Int(1)], arguments.Bool(2), values);
        indices.Resize(values.Sizes);
        Run(ref plan, input, values, indices, isGreatest);
    }

    private static void Run(ref ReductionPlan plan, TensorView input, TensorView? values, TensorView indices, bool isGreatest)
    {
        Dims.IsType(indices, ScalarType.Long);
        if (values is not null)
        {
            Dims.SameType(input, values);
            Dims.Check(values.DimOrder.SequenceEqual(indices.DimOrder), "values and indices have different dim orders");
        }

        Dims.Check(plan.ReducedCount > 0 || indices.ElementCount == 0, "nothing has no greatest or least element");
        var body = new Body
        {
            Input = (byte*)input.Data,
            Type = input.ScalarType,
            Values = values is null ? null : (byte*)values.Data,
            Indices = (long*)indices.Data,
            IsGreatest = isGreatest,
        };
        plan.ForEach(ref body);
    }

    private static void Median(KernelContext context, Arguments arguments)
    {
        var input = arguments.Tensor(0);
        var outputs = arguments.TensorList(arguments.Count - 1);
        var plan = ReductionPlan.Create(input, [arguments.Int(1)], arguments.Bool(2), outputs[0]!);
        outputs[1]!.Resize(outputs[0]!.Sizes);
        Dims.IsType(outputs[1]!, ScalarType.Long);
        Dims.SameType(input, outputs[0]!);
        Dims.Check(outputs[0]!.DimOrder.SequenceEqual(outputs[1]!.DimOrder), "values and indices have different dim orders");
        var count = checked((int)plan.ReducedCount);
        Dims.Check(count > 0 || outputs[0]!.ElementCount == 0, "nothing has no median");
        var body = new MedianBody
        {
            Input = (byte*)input.Data,
            Type = input.ScalarType,
            Values = (byte*)outputs[0]!.Data,
            Indices = (long*)outputs[1]!.Data,
            Order = context.Allocate<int>(count),
            Keys = context.Allocate<double>(count),
        };
        plan.ForEach(ref body);
    }

    private ref struct Body : IReductionBody
    {
        internal byte* Input;
        internal ScalarType Type;
        internal byte* Values;
        internal long* Indices;
        internal bool IsGreatest;

        // The first of equal elements, and the first NaN before all others.
        public readonly void Reduce(ref ReductionPlan plan, long input, long output)
        {
            var size = Type.Size();
            var (best, place) = (0.0, 0L);
            var (integer, isFloat) = (0L, Type.IsFloatingPoint());
            for (long n = 0; n < plan.ReducedCount; n++)
            {
                var at = Input + ((input + plan.Offset(n)) * size);
                if (isFloat)
                {
                    var value = Elements.LoadDouble(at, Type);
                    if (n == 0 || (!double.IsNaN(best) && (double.IsNaN(value) || (IsGreatest ? value > best : value < best))))
                    {
                        (best, place) = (value, n);
                    }
                }
                else
                {
                    var value = Elements.LoadLong(at, Type);
                    if (n == 0 || (IsGreatest ? value > integer : value < integer))
                    {
                        (integer, place) = (value, n);
                    }
                }
            }

            Indices[output] = place;
            if (Values != null)
            {
                Buffer.MemoryCopy(Input + ((input + plan.Offset(place)) * size), Values + (output * size), size, size);
            }
        }
    }

    private ref struct MedianBody : IReductionBody
    {
        internal byte* Input;
        internal ScalarType Type;
        internal byte* Values;
        internal long* Indices;
        internal Span<int> Order;
        internal Span<double> Keys;

        // The lower of two middle elements; NaN if there is one.
        public readonly void Reduce(ref ReductionPlan plan, long input, long output)
        {
            var size = Type.Size();
            for (var n = 0; n < Keys.Length; n++)
            {
                var value = Elements.LoadDouble(Input + ((input + plan.Offset(n)) * size), Type);
                (Keys[n], Order[n]) = (double.IsNaN(value) ? double.NegativeInfinity : value, n);
                if (double.IsNaN(value))
                {
                    Write(ref plan, input, output, n, size);
                    return;
                }
            }

            Keys.Sort(Order);
            Write(ref plan, input, output, Order[(Keys.Length - 1) / 2], size);
        }

        private readonly void Write(ref ReductionPlan plan, long input, long output, int place, int size)
        {
            Indices[output] = place;
            Buffer.MemoryCopy(Input + ((input + plan.Offset(place)) * size), Values + (output * size), size, size);
        }
    }
}
