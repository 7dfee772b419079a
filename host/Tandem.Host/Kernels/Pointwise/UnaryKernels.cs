using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Pointwise;

/// <summary>Functions of one tensor: float functions of any dtype, and functions that keep integers.</summary>
internal static unsafe class UnaryKernels
{
    internal static void Register(KernelRegistry registry)
    {
        Float<Acos>(registry, "acos");
        Float<Acosh>(registry, "acosh");
        Float<Asin>(registry, "asin");
        Float<Asinh>(registry, "asinh");
        Float<Atan>(registry, "atan");
        Float<Atanh>(registry, "atanh");
        Float<Cos>(registry, "cos");
        Float<Cosh>(registry, "cosh");
        Float<Erf>(registry, "erf");
        Float<Exp>(registry, "exp");
        Float<Expm1>(registry, "expm1");
        Float<Log>(registry, "log");
        Float<Log10>(registry, "log10");
        Float<Log1p>(registry, "log1p");
        Float<Log2>(registry, "log2");
        Float<Reciprocal>(registry, "reciprocal");
        Float<Rsqrt>(registry, "rsqrt");
        Float<Sigmoid>(registry, "sigmoid");
        Float<Sin>(registry, "sin");
        Float<Sinh>(registry, "sinh");
        Float<Sqrt>(registry, "sqrt");
        Float<Tan>(registry, "tan");
        Float<Tanh>(registry, "tanh");
        registry.Add("aten::abs.out", Same<Abs>)
            .Add("aten::neg.out", Same<Neg>)
            .Add("aten::sign.out", Same<Sign>)
            .Add("aten::relu.out", Same<Relu>)
            .Add("aten::ceil.out", Same<Ceil>)
            .Add("aten::floor.out", Same<Floor>)
            .Add("aten::round.out", Same<Round>)
            .Add("aten::trunc.out", Same<Trunc>)
            .Add("aten::_conj_physical.out", Same<Identity>)
            .Add("aten::isinf.out", Same<IsInf>)
            .Add("aten::isnan.out", Same<IsNaN>)
            .Add("aten::logical_not.out", Same<LogicalNot>)
            .Add("aten::bitwise_not.out", BitwiseNot)
            .Add("aten::round.decimals_out", RoundDecimals);
    }

    private static void Float<TFunction>(KernelRegistry registry, string name)
        where TFunction : struct, IUnaryFunction => registry.Add($"aten::{name}.out", Run<TFunction>);

    /// <summary>A function whose result is fractional: computed in double, rounded once.</summary>
    internal static void Run<TFunction>(KernelContext context, Arguments arguments)
        where TFunction : struct, IUnaryFunction
    {
        var (input, output) = Prepare(arguments);
        if (input.ScalarType == ScalarType.Float && output.ScalarType == ScalarType.Float && input.DimOrder.SequenceEqual(output.DimOrder)
            && TFunction.TryVector(input.AsReadOnlySpan<float>(), output.AsSpan<float>()))
        {
            return;
        }

        var body = new FloatRow<TFunction> { Input = input.ScalarType, Output = output.ScalarType };
        Common.Pointwise.Run(ref body, output, input);
    }

    /// <summary>A function that keeps integers integers.</summary>
    internal static void Same<TFunction>(KernelContext context, Arguments arguments)
        where TFunction : struct, IUnaryFunction
    {
        var (input, output) = Prepare(arguments);
        if (input.ScalarType.IsFloatingPoint())
        {
            Run<TFunction>(context, arguments);
            return;
        }

        var body = new LongRow<TFunction> { Input = input.ScalarType, Output = output.ScalarType };
        Common.Pointwise.Run(ref body, output, input);
    }

    private static (TensorView Input, TensorView Output) Prepare(Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        output.Resize(input.Sizes);
        return (input, output);
    }

    private static void BitwiseNot(KernelContext context, Arguments arguments)
    {
        var input = arguments.Tensor(0);
        if (input.ScalarType == ScalarType.Bool)
        {
            Same<LogicalNot>(context, arguments);
        }
        else if (input.ScalarType.IsInteger())
        {
            Same<Complement>(context, arguments);
        }
        else
        {
            throw Elements.NotSupported(input.ScalarType);
        }
    }

    private static void RoundDecimals(KernelContext context, Arguments arguments)
    {
        var (input, output) = Prepare(arguments);
        var decimals = arguments.Int(1);
        var body = new DecimalsRow { Input = input.ScalarType, Output = output.ScalarType, Scale = Math.Pow(10, Math.Abs(decimals)), IsNegative = decimals < 0 };
        Common.Pointwise.Run(ref body, output, input);
    }

    private struct FloatRow<TFunction> : IRowBody
        where TFunction : struct, IUnaryFunction
    {
        internal ScalarType Input;
        internal ScalarType Output;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Row(byte** pointers, long* strides, long count)
        {
            var target = pointers[0];
            var source = pointers[1];
            var (step, read) = (strides[0], strides[1]);
            for (long i = 0; i < count; i++, target += step, source += read)
            {
                Elements.Store(target, Output, TFunction.Apply(Elements.LoadDouble(source, Input)));
            }
        }
    }

    private struct LongRow<TFunction> : IRowBody
        where TFunction : struct, IUnaryFunction
    {
        internal ScalarType Input;
        internal ScalarType Output;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            var target = pointers[0];
            var source = pointers[1];
            var (step, read) = (strides[0], strides[1]);
            for (long i = 0; i < count; i++, target += step, source += read)
            {
                Elements.Store(target, Output, TFunction.Apply(Elements.LoadLong(source, Input)));
            }
        }
    }

    private struct DecimalsRow : IRowBody
    {
        internal ScalarType Input;
        internal ScalarType Output;
        internal double Scale;
        internal bool IsNegative;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                // In the dtype's own precision, as PyTorch: the product is rounded before it is rounded to an integer.
                var value = Elements.LoadDouble(pointers[1] + (i * strides[1]), Input);
                var scaled = Elements.RoundTo(IsNegative ? value / Scale : value * Scale, Input);
                var rounded = Math.Round(scaled, MidpointRounding.ToEven);
                Elements.Store(pointers[0] + (i * strides[0]), Output, IsNegative ? rounded * Scale : rounded / Scale);
            }
        }
    }
}
