using System.Numerics;
using System.Runtime.CompilerServices;
using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Reduction;

/// <summary>Sums, means, products, extremes, truth values, variances.</summary>
internal static unsafe class ReductionKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::sum.IntList_out", (_, arguments) => Run(arguments, Reduction.Sum, OptionalDims(arguments, 1), arguments.Bool(2)))
        .Add("aten::mean.out", (_, arguments) => Run(arguments, Reduction.Mean, OptionalDims(arguments, 1), arguments.Bool(2)))
        .Add("aten::mean.dtype_out", (_, arguments) => Run(arguments, Reduction.Mean, [], false))
        .Add("aten::prod.out", (_, arguments) => Run(arguments, Reduction.Product, [], false))
        .Add("aten::prod.int_out", (_, arguments) => Run(arguments, Reduction.Product, [arguments.Int(1)], arguments.Bool(2)))
        .Add("aten::amax.out", (_, arguments) => Run(arguments, Reduction.Greatest, arguments.IntList(1), arguments.Bool(2)))
        .Add("aten::amin.out", (_, arguments) => Run(arguments, Reduction.Least, arguments.IntList(1), arguments.Bool(2)))
        .Add("aten::max.unary_out", (_, arguments) => Run(arguments, Reduction.Greatest, [], false))
        .Add("aten::min.unary_out", (_, arguments) => Run(arguments, Reduction.Least, [], false))
        .Add("aten::any.all_out", (_, arguments) => Run(arguments, Reduction.Any, [], false))
        .Add("aten::any.out", (_, arguments) => Run(arguments, Reduction.Any, [arguments.Int(1)], arguments.Bool(2)))
        .Add("aten::any.dims_out", (_, arguments) => Run(arguments, Reduction.Any, OptionalDims(arguments, 1), arguments.Bool(2)))
        .Add("aten::all.all_out", (_, arguments) => Run(arguments, Reduction.All, [], false))
        .Add("aten::all.out", (_, arguments) => Run(arguments, Reduction.All, [arguments.Int(1)], arguments.Bool(2)))
        .Add("aten::var.correction_out", (_, arguments) => Variance(arguments, arguments.Tensor(arguments.Count - 1), null, OptionalDims(arguments, 1), arguments.OptionalDouble(2) ?? 1, arguments.Bool(3)))
        .Add("aten::var.out", (_, arguments) => Variance(arguments, arguments.Tensor(arguments.Count - 1), null, OptionalDims(arguments, 1), arguments.Bool(2) ? 1 : 0, arguments.Bool(3)))
        .Add("aten::var_mean.correction_out", VarianceAndMean);

    private static ReadOnlySpan<long> OptionalDims(Arguments arguments, int index) => arguments[index].IsNone ? [] : arguments.IntList(index);

    private static void Run(Arguments arguments, Reduction kind, scoped ReadOnlySpan<long> dims, bool keepsDims)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        var plan = ReductionPlan.Create(input, dims, keepsDims, output);
        Dims.Check(plan.ReducedCount > 0 || output.ElementCount == 0 || kind is not (Reduction.Greatest or Reduction.Least), "nothing has no greatest or least element");
        var body = new Body
        {
            Kind = kind,
            Input = (byte*)input.Data,
            Output = (byte*)output.Data,
            InputType = input.ScalarType,
            OutputType = output.ScalarType,
            IsFloat = input.ScalarType.IsFloatingPoint() || (kind == Reduction.Mean) || (output.ScalarType.IsFloatingPoint() && kind is Reduction.Sum or Reduction.Product),
            IsVector = input.ScalarType == ScalarType.Float && kind is Reduction.Sum or Reduction.Mean && plan.IsDense && plan.ReducedCount <= int.MaxValue,
        };
        plan.ForEach(ref body);
    }

    private static void VarianceAndMean(KernelContext context, Arguments arguments)
    {
        var outputs = arguments.TensorList(arguments.Count - 1);
        Variance(arguments, outputs[0]!, outputs[1]!, OptionalDims(arguments, 1), arguments.OptionalDouble(2) ?? 1, arguments.Bool(3));
    }

    private static void Variance(Arguments arguments, TensorView variance, TensorView? mean, scoped ReadOnlySpan<long> dims, double correction, bool keepsDims)
    {
        var input = arguments.Tensor(0);
        var plan = ReductionPlan.Create(input, dims, keepsDims, variance);
        mean?.Resize(variance.Sizes);
        var body = new VarianceBody
        {
            Input = (byte*)input.Data,
            InputType = input.ScalarType,
            Output = (byte*)variance.Data,
            OutputType = variance.ScalarType,
            Mean = mean is null ? null : (byte*)mean.Data,
            Correction = correction,
        };
        plan.ForEach(ref body);
    }

    private enum Reduction
    {
        Sum,
        Mean,
        Product,
        Greatest,
        Least,
        Any,
        All,
    }

    private ref struct Body : IReductionBody
    {
        internal Reduction Kind;
        internal byte* Input;
        internal byte* Output;
        internal ScalarType InputType;
        internal ScalarType OutputType;
        internal bool IsFloat;
        internal bool IsVector;

        // Widened before adding: a sum of a million terms is as exact as eager's cascade.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static double Sum(float* values, long count)
        {
            var low = Vector<double>.Zero;
            var high = Vector<double>.Zero;
            long i = 0;
            for (; i <= count - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector.Widen(Vector.Load(values + i), out var first, out var second);
                low += first;
                high += second;
            }

            var sum = Vector.Sum(low + high);
            for (; i < count; i++)
            {
                sum += values[i];
            }

            return sum;
        }

        public readonly void Reduce(ref ReductionPlan plan, long input, long output)
        {
            var target = Output + (output * OutputType.Size());
            if (IsVector)
            {
                var sum = Sum((float*)Input + input, plan.ReducedCount);
                Elements.Store(target, OutputType, Kind == Reduction.Mean ? sum / plan.ReducedCount : sum);
            }
            else if (Kind is Reduction.Any or Reduction.All)
            {
                Elements.Store(target, OutputType, Truth(ref plan, input) ? 1L : 0L);
            }
            else if (IsFloat)
            {
                Elements.Store(target, OutputType, Float(ref plan, input));
            }
            else
            {
                Elements.Store(target, OutputType, Integer(ref plan, input));
            }
        }

        private readonly double Float(ref ReductionPlan plan, long input)
        {
            var size = InputType.Size();
            var result = Kind switch { Reduction.Product => 1.0, Reduction.Greatest => double.NegativeInfinity, Reduction.Least => double.PositiveInfinity, _ => 0.0 };
            for (long n = 0; n < plan.ReducedCount; n++)
            {
                var value = Elements.LoadDouble(Input + ((input + plan.Offset(n)) * size), InputType);
                result = Kind switch
                {
                    Reduction.Product => result * value,
                    Reduction.Greatest => Math.Max(result, value),
                    Reduction.Least => Math.Min(result, value),
                    _ => result + value,
                };
            }

            return Kind == Reduction.Mean ? result / plan.ReducedCount : result;
        }

        private readonly long Integer(ref ReductionPlan plan, long input)
        {
            var size = InputType.Size();
            var result = Kind switch { Reduction.Product => 1L, Reduction.Greatest => long.MinValue, Reduction.Least => long.MaxValue, _ => 0L };
            for (long n = 0; n < plan.ReducedCount; n++)
            {
                var value = Elements.LoadLong(Input + ((input + plan.Offset(n)) * size), InputType);
                result = Kind switch
                {
                    Reduction.Product => result * value,
                    Reduction.Greatest => Math.Max(result, value),
                    Reduction.Least => Math.Min(result, value),
                    _ => result + value,
                };
            }

            return result;
        }

        private readonly bool Truth(ref ReductionPlan plan, long input)
        {
            var size = InputType.Size();
            for (long n = 0; n < plan.ReducedCount; n++)
            {
                var at = Input + ((input + plan.Offset(n)) * size);
                var isTrue = InputType.IsFloatingPoint() ? Elements.LoadDouble(at, InputType) != 0 : Elements.LoadLong(at, InputType) != 0;
                if (isTrue == (Kind == Reduction.Any))
                {
                    return Kind == Reduction.Any;
                }
            }

            return Kind == Reduction.All;
        }
    }

    private ref struct VarianceBody : IReductionBody
    {
        internal byte* Input;
        internal byte* Output;
        internal byte* Mean;
        internal ScalarType InputType;
        internal ScalarType OutputType;
        internal double Correction;

        public readonly void Reduce(ref ReductionPlan plan, long input, long output)
        {
            var (size, count) = (InputType.Size(), plan.ReducedCount);
            var sum = 0.0;
            for (long n = 0; n < count; n++)
            {
                sum += Elements.LoadDouble(Input + ((input + plan.Offset(n)) * size), InputType);
            }

            var mean = sum / count;
            var squares = 0.0;
            for (long n = 0; n < count; n++)
            {
                var distance = Elements.LoadDouble(Input + ((input + plan.Offset(n)) * size), InputType) - mean;
                squares += distance * distance;
            }

            Elements.Store(Output + (output * OutputType.Size()), OutputType, squares / Math.Max(count - Correction, 0));
            if (Mean != null)
            {
                Elements.Store(Mean + (output * OutputType.Size()), OutputType, mean);
            }
        }
    }
}
