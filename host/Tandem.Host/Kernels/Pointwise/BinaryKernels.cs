using System.Runtime.CompilerServices;
using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Pointwise;

/// <summary>Functions of two tensors, or of a tensor and a number, with broadcasting and PyTorch's type promotion.</summary>
internal static unsafe class BinaryKernels
{
    internal static void Register(KernelRegistry registry)
    {
        registry.Add("aten::add.out", WithAlpha<Add>)
            .Add("aten::add.Scalar_out", ScalarWithAlpha<Add>)
            .Add("aten::sub.out", WithAlpha<Subtract>)
            .Add("aten::sub.Scalar_out", ScalarWithAlpha<Subtract>)
            .Add("aten::rsub.Scalar_out", ReverseSubtract)
            .Add("aten::mul.out", Tensors<Multiply>)
            .Add("aten::mul.Scalar_out", Scalar<Multiply>)
            .Add("aten::div.out", FloatTensors<Divide>)
            .Add("aten::div.Scalar_out", FloatScalar<Divide>)
            .Add("aten::div.out_mode", DivideWithMode)
            .Add("aten::div.Scalar_mode_out", DivideWithMode)
            .Add("aten::floor_divide.out", Tensors<FloorDivide>)
            .Add("aten::fmod.Tensor_out", Tensors<Fmod>)
            .Add("aten::fmod.Scalar_out", Scalar<Fmod>)
            .Add("aten::remainder.Tensor_out", Tensors<Remainder>)
            .Add("aten::remainder.Scalar_out", Scalar<Remainder>)
            .Add("aten::pow.Tensor_Tensor_out", Tensors<Power>)
            .Add("aten::pow.Tensor_Scalar_out", Scalar<Power>)
            .Add("aten::pow.Scalar_out", ReversePower)
            .Add("aten::atan2.out", FloatTensors<Atan2>)
            .Add("aten::maximum.out", Tensors<Maximum>)
            .Add("aten::minimum.out", Tensors<Minimum>)
            .Add("aten::logical_and.out", Tensors<LogicalAnd>)
            .Add("aten::logical_or.out", Tensors<LogicalOr>)
            .Add("aten::logical_xor.out", Tensors<LogicalXor>);
        Compare<Equal>(registry, "eq");
        Compare<NotEqual>(registry, "ne");
        Compare<Less>(registry, "lt");
        Compare<LessOrEqual>(registry, "le");
        Compare<Greater>(registry, "gt");
        Compare<GreaterOrEqual>(registry, "ge");
        Bitwise<BitwiseAnd>(registry, "bitwise_and");
        Bitwise<BitwiseOr>(registry, "bitwise_or");
        Bitwise<BitwiseXor>(registry, "bitwise_xor");
        registry.Add("aten::__lshift__.Tensor_out", (_, arguments) => Shift(arguments, isLeft: true))
            .Add("aten::__rshift__.Tensor_out", (_, arguments) => Shift(arguments, isLeft: false))
            .Add("aten::bitwise_left_shift.Tensor_out", (_, arguments) => Shift(arguments, isLeft: true))
            .Add("aten::bitwise_left_shift.Tensor_Scalar_out", (_, arguments) => Shift(arguments, isLeft: true))
            .Add("aten::bitwise_right_shift.Tensor_out", (_, arguments) => Shift(arguments, isLeft: false))
            .Add("aten::bitwise_right_shift.Tensor_Scalar_out", (_, arguments) => Shift(arguments, isLeft: false));
    }

    private static void Compare<TFunction>(KernelRegistry registry, string name)
        where TFunction : struct, IBinaryFunction =>
        registry.Add($"aten::{name}.Tensor_out", Tensors<TFunction>).Add($"aten::{name}.Scalar_out", ScalarInTensorType<TFunction>);

    private static void Bitwise<TFunction>(KernelRegistry registry, string name)
        where TFunction : struct, IBinaryFunction =>
        registry.Add($"aten::{name}.Tensor_out", Integers<TFunction>).Add($"aten::{name}.Scalar_out", Integers<TFunction>);

    private static void Tensors<TFunction>(KernelContext context, Arguments arguments)
        where TFunction : struct, IBinaryFunction
    {
        var (left, right, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(arguments.Count - 1));
        Dims.ResizeToBroadcast(left, right, output);
        Apply<TFunction>(left, right, output, TypePromotion.Promote(left.ScalarType, right.ScalarType));
    }

    private static void FloatTensors<TFunction>(KernelContext context, Arguments arguments)
        where TFunction : struct, IBinaryFunction
    {
        var (left, right, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(arguments.Count - 1));
        Dims.ResizeToBroadcast(left, right, output);
        Apply<TFunction>(left, right, output, TypePromotion.ToFloat(TypePromotion.Promote(left.ScalarType, right.ScalarType)));
    }

    private static void Scalar<TFunction>(KernelContext context, Arguments arguments)
        where TFunction : struct, IBinaryFunction
    {
        var (tensor, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        Apply<TFunction>(tensor, arguments[1], output, TypePromotion.Promote(tensor.ScalarType, arguments[1]), roundsNumber: false);
    }

    private static void ScalarInTensorType<TFunction>(KernelContext context, Arguments arguments)
        where TFunction : struct, IBinaryFunction
    {
        var (tensor, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        Apply<TFunction>(tensor, arguments[1], output, TypePromotion.Promote(tensor.ScalarType, arguments[1]), roundsNumber: true);
    }

    private static void FloatScalar<TFunction>(KernelContext context, Arguments arguments)
        where TFunction : struct, IBinaryFunction
    {
        var (tensor, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        Apply<TFunction>(tensor, arguments[1], output, TypePromotion.ToFloat(TypePromotion.Promote(tensor.ScalarType, arguments[1])), roundsNumber: false);
    }

    private static void WithAlpha<TFunction>(KernelContext context, Arguments arguments)
        where TFunction : struct, IBinaryFunction
    {
        var (left, right, alpha, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments[2], arguments.Tensor(arguments.Count - 1));
        Dims.ResizeToBroadcast(left, right, output);
        var common = TypePromotion.Promote(left.ScalarType, right.ScalarType);
        if (alpha.AsDouble() == 1)
        {
            Apply<TFunction>(left, right, output, common);
            return;
        }

        if (common.IsFloatingPoint())
        {
            var body = new AlphaRow<TFunction> { Left = left.ScalarType, Right = right.ScalarType, Output = output.ScalarType, Alpha = alpha.AsDouble() };
            Common.Pointwise.Run(ref body, output, left, right);
        }
        else
        {
            var body = new LongAlphaRow<TFunction> { Left = left.ScalarType, Right = right.ScalarType, Output = output.ScalarType, Alpha = alpha.AsInt() };
            Common.Pointwise.Run(ref body, output, left, right);
        }
    }

    private static void ScalarWithAlpha<TFunction>(KernelContext context, Arguments arguments)
        where TFunction : struct, IBinaryFunction
    {
        var (tensor, number, alpha, output) = (arguments.Tensor(0), arguments[1], arguments[2], arguments.Tensor(arguments.Count - 1));
        var isInteger = number.Kind != EValueKind.Double && alpha.Kind != EValueKind.Double;
        var value = isInteger ? EValue.FromInt(number.AsInt() * alpha.AsInt()) : EValue.FromDouble(number.AsDouble() * alpha.AsDouble());
        Apply<TFunction>(tensor, value, output, TypePromotion.Promote(tensor.ScalarType, value), roundsNumber: false);
    }

    private static void ReverseSubtract(KernelContext context, Arguments arguments)
    {
        var (tensor, number, alpha, output) = (arguments.Tensor(0), arguments[1], arguments[2], arguments.Tensor(arguments.Count - 1));
        output.Resize(tensor.Sizes);
        if (TypePromotion.Promote(tensor.ScalarType, number).IsFloatingPoint())
        {
            var body = new LinearRow { Input = tensor.ScalarType, Output = output.ScalarType, Scale = -alpha.AsDouble(), Offset = number.AsDouble() };
            Common.Pointwise.Run(ref body, output, tensor);
        }
        else
        {
            var body = new LongLinearRow { Input = tensor.ScalarType, Output = output.ScalarType, Scale = -alpha.AsInt(), Offset = number.AsInt() };
            Common.Pointwise.Run(ref body, output, tensor);
        }
    }

    private static void ReversePower(KernelContext context, Arguments arguments)
    {
        var (number, tensor, output) = (arguments[0], arguments.Tensor(1), arguments.Tensor(arguments.Count - 1));
        output.Resize(tensor.Sizes);
        var isFloat = TypePromotion.Promote(tensor.ScalarType, number).IsFloatingPoint();
        var body = new ReversePowerRow { Input = tensor.ScalarType, Output = output.ScalarType, Number = number.AsDouble(), Integer = isFloat ? null : number.AsInt() };
        Common.Pointwise.Run(ref body, output, tensor);
    }

    private static void DivideWithMode(KernelContext context, Arguments arguments)
    {
        var mode = arguments[2].IsNone ? null : arguments.String(2);
        var isScalar = arguments[1].Kind != EValueKind.Tensor;
        Kernel kernel = (mode, isScalar) switch
        {
            (null, false) => FloatTensors<Divide>,
            (null, true) => FloatScalar<Divide>,
            ("floor", false) => Tensors<FloorDivide>,
            ("floor", true) => Scalar<FloorDivide>,
            ("trunc", false) => Tensors<TruncateDivide>,
            ("trunc", true) => Scalar<TruncateDivide>,
            _ => throw Dims.Invalid("the rounding mode is unknown", "floor or trunc", mode!),
        };
        kernel(context, arguments);
    }

    private static void Integers<TFunction>(KernelContext context, Arguments arguments)
        where TFunction : struct, IBinaryFunction
    {
        var left = arguments.Tensor(0);
        if (left.ScalarType.IsFloatingPoint())
        {
            throw Elements.NotSupported(left.ScalarType);
        }

        if (arguments[1].Kind == EValueKind.Tensor)
        {
            Tensors<TFunction>(context, arguments);
        }
        else
        {
            Scalar<TFunction>(context, arguments);
        }
    }

    private static void Shift(Arguments arguments, bool isLeft)
    {
        var (left, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        var right = arguments[1].Kind == EValueKind.Tensor ? arguments.Tensor(1) : null;
        if (right is null)
        {
            output.Resize(left.Sizes);
        }
        else
        {
            Dims.ResizeToBroadcast(left, right, output);
        }

        var common = right is null ? left.ScalarType : TypePromotion.Promote(left.ScalarType, right.ScalarType);
        var body = new ShiftRow
        {
            Left = left.ScalarType,
            Right = right?.ScalarType ?? ScalarType.Long,
            Output = output.ScalarType,
            Number = right is null ? arguments.Int(1) : 0,
            HasNumber = right is null,
            IsLeft = isLeft,
            Bits = common.Size() * 8,
        };
        Common.Pointwise.Run(ref body, output, left, right);
    }

    private static void Apply<TFunction>(TensorView left, TensorView right, TensorView output, ScalarType common)
        where TFunction : struct, IBinaryFunction
    {
        if (left.ScalarType == ScalarType.Float && right.ScalarType == ScalarType.Float && output.ScalarType == ScalarType.Float
            && left.Sizes.SequenceEqual(right.Sizes) && left.DimOrder.SequenceEqual(right.DimOrder) && left.DimOrder.SequenceEqual(output.DimOrder)
            && TFunction.TryVector(left.AsReadOnlySpan<float>(), right.AsReadOnlySpan<float>(), output.AsSpan<float>()))
        {
            return;
        }

        if (common.IsFloatingPoint())
        {
            var body = new FloatRow<TFunction> { Left = left.ScalarType, Right = right.ScalarType, Output = output.ScalarType };
            Common.Pointwise.Run(ref body, output, left, right);
        }
        else
        {
            var body = new LongRow<TFunction> { Left = left.ScalarType, Right = right.ScalarType, Output = output.ScalarType };
            Common.Pointwise.Run(ref body, output, left, right);
        }
    }

    private static void Apply<TFunction>(TensorView tensor, EValue number, TensorView output, ScalarType common, bool roundsNumber)
        where TFunction : struct, IBinaryFunction
    {
        output.Resize(tensor.Sizes);
        if (!common.IsFloatingPoint())
        {
            var integers = new LongNumberRow<TFunction> { Input = tensor.ScalarType, Output = output.ScalarType, Number = number.AsInt() };
            Common.Pointwise.Run(ref integers, output, tensor);
            return;
        }

        // Arithmetic on half floats keeps the number in float32; comparisons round it to the tensor's dtype.
        var value = Elements.RoundTo(number.AsDouble(), roundsNumber || common == ScalarType.Double ? common : ScalarType.Float);
        if (tensor.ScalarType == ScalarType.Float && output.ScalarType == ScalarType.Float && tensor.DimOrder.SequenceEqual(output.DimOrder)
            && TFunction.TryVector(tensor.AsReadOnlySpan<float>(), (float)value, output.AsSpan<float>()))
        {
            return;
        }

        var body = new NumberRow<TFunction> { Input = tensor.ScalarType, Output = output.ScalarType, Number = value };
        Common.Pointwise.Run(ref body, output, tensor);
    }

    private struct FloatRow<TFunction> : IRowBody
        where TFunction : struct, IBinaryFunction
    {
        internal ScalarType Left;
        internal ScalarType Right;
        internal ScalarType Output;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Row(byte** pointers, long* strides, long count)
        {
            if (Left == ScalarType.Float && Right == ScalarType.Float && Output == ScalarType.Float && strides[0] == 4 && RowFast(pointers, strides, count))
            {
                return;
            }

            var target = pointers[0];
            var left = pointers[1];
            var right = pointers[2];
            for (long i = 0; i < count; i++, target += strides[0], left += strides[1], right += strides[2])
            {
                Elements.Store(target, Output, TFunction.Apply(Elements.LoadDouble(left, Left), Elements.LoadDouble(right, Right)));
            }
        }

        // Rows of a broadcast: both dense, or one of them a single number.
        private static bool RowFast(byte** pointers, long* strides, long count)
        {
            var target = new Span<float>(pointers[0], (int)count);
            if (strides[1] == 4 && strides[2] == 4)
            {
                return TFunction.TryVector(new ReadOnlySpan<float>(pointers[1], (int)count), new ReadOnlySpan<float>(pointers[2], (int)count), target);
            }

            return strides[1] == 4 && strides[2] == 0 && TFunction.TryVector(new ReadOnlySpan<float>(pointers[1], (int)count), *(float*)pointers[2], target);
        }
    }

    private struct LongRow<TFunction> : IRowBody
        where TFunction : struct, IBinaryFunction
    {
        internal ScalarType Left;
        internal ScalarType Right;
        internal ScalarType Output;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            var target = pointers[0];
            var left = pointers[1];
            var right = pointers[2];
            for (long i = 0; i < count; i++, target += strides[0], left += strides[1], right += strides[2])
            {
                Elements.Store(target, Output, TFunction.Apply(Elements.LoadLong(left, Left), Elements.LoadLong(right, Right)));
            }
        }
    }

    private struct NumberRow<TFunction> : IRowBody
        where TFunction : struct, IBinaryFunction
    {
        internal ScalarType Input;
        internal ScalarType Output;
        internal double Number;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                Elements.Store(pointers[0] + (i * strides[0]), Output, TFunction.Apply(Elements.LoadDouble(pointers[1] + (i * strides[1]), Input), Number));
            }
        }
    }

    private struct LongNumberRow<TFunction> : IRowBody
        where TFunction : struct, IBinaryFunction
    {
        internal ScalarType Input;
        internal ScalarType Output;
        internal long Number;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                Elements.Store(pointers[0] + (i * strides[0]), Output, TFunction.Apply(Elements.LoadLong(pointers[1] + (i * strides[1]), Input), Number));
            }
        }
    }

    private struct AlphaRow<TFunction> : IRowBody
        where TFunction : struct, IBinaryFunction
    {
        internal ScalarType Left;
        internal ScalarType Right;
        internal ScalarType Output;
        internal double Alpha;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                Elements.Store(pointers[0] + (i * strides[0]), Output,
                    TFunction.Apply(Elements.LoadDouble(pointers[1] + (i * strides[1]), Left), Alpha * Elements.LoadDouble(pointers[2] + (i * strides[2]), Right)));
            }
        }
    }

    private struct LongAlphaRow<TFunction> : IRowBody
        where TFunction : struct, IBinaryFunction
    {
        internal ScalarType Left;
        internal ScalarType Right;
        internal ScalarType Output;
        internal long Alpha;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                Elements.Store(pointers[0] + (i * strides[0]), Output,
                    TFunction.Apply(Elements.LoadLong(pointers[1] + (i * strides[1]), Left), Alpha * Elements.LoadLong(pointers[2] + (i * strides[2]), Right)));
            }
        }
    }

    private struct LinearRow : IRowBody
    {
        internal ScalarType Input;
        internal ScalarType Output;
        internal double Scale;
        internal double Offset;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                Elements.Store(pointers[0] + (i * strides[0]), Output, Offset + (Scale * Elements.LoadDouble(pointers[1] + (i * strides[1]), Input)));
            }
        }
    }

    private struct LongLinearRow : IRowBody
    {
        internal ScalarType Input;
        internal ScalarType Output;
        internal long Scale;
        internal long Offset;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                Elements.Store(pointers[0] + (i * strides[0]), Output, Offset + (Scale * Elements.LoadLong(pointers[1] + (i * strides[1]), Input)));
            }
        }
    }

    private struct ReversePowerRow : IRowBody
    {
        internal ScalarType Input;
        internal ScalarType Output;
        internal double Number;
        internal long? Integer;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                var at = pointers[1] + (i * strides[1]);
                if (Integer is { } integer)
                {
                    Elements.Store(pointers[0] + (i * strides[0]), Output, Power.Apply(integer, Elements.LoadLong(at, Input)));
                }
                else
                {
                    Elements.Store(pointers[0] + (i * strides[0]), Output, Math.Pow(Number, Elements.LoadDouble(at, Input)));
                }
            }
        }
    }

    // A shift by the width or more gives 0 to the left and the sign to the right, as PyTorch defines it; so does a negative one.
    private struct ShiftRow : IRowBody
    {
        internal ScalarType Left;
        internal ScalarType Right;
        internal ScalarType Output;
        internal long Number;
        internal bool HasNumber;
        internal bool IsLeft;
        internal int Bits;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                var value = Elements.LoadLong(pointers[1] + (i * strides[1]), Left);
                var by = HasNumber ? Number : Elements.LoadLong(pointers[2] + (i * strides[2]), Right);
                var isOut = by < 0 || by >= Bits;
                Elements.Store(pointers[0] + (i * strides[0]), Output, IsLeft ? (isOut ? 0 : value << (int)by) : value >> (isOut ? 63 : (int)by));
            }
        }
    }
}
