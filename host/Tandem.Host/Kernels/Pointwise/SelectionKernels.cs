using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Pointwise;

/// <summary>Kernels that choose or limit values: clamp, hardtanh, where, masked_fill.</summary>
internal static unsafe class SelectionKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::clamp.out", (_, arguments) => Clamp(arguments, arguments[1], arguments[2]))
        .Add("aten::hardtanh.out", (_, arguments) => Clamp(arguments, arguments[1], arguments[2]))
        .Add("aten::clamp.Tensor_out", ClampTensor)
        .Add("aten::where.self_out", Where)
        .Add("aten::masked_fill.Scalar_out", MaskedFill);

    private static void Clamp(Arguments arguments, EValue least, EValue greatest)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        output.Resize(input.Sizes);
        var common = input.ScalarType;
        common = least.IsNone ? common : TypePromotion.Promote(common, least);
        common = greatest.IsNone ? common : TypePromotion.Promote(common, greatest);
        if (common.IsFloatingPoint())
        {
            var body = new ClampRow
            {
                Input = input.ScalarType,
                Output = output.ScalarType,
                Least = least.IsNone ? double.NegativeInfinity : least.AsDouble(),
                Greatest = greatest.IsNone ? double.PositiveInfinity : greatest.AsDouble(),
            };
            Common.Pointwise.Run(ref body, output, input);
        }
        else
        {
            var body = new LongClampRow
            {
                Input = input.ScalarType,
                Output = output.ScalarType,
                Least = least.IsNone ? long.MinValue : least.AsInt(),
                Greatest = greatest.IsNone ? long.MaxValue : greatest.AsInt(),
            };
            Common.Pointwise.Run(ref body, output, input);
        }
    }

    private static void ClampTensor(KernelContext context, Arguments arguments)
    {
        var (input, least, greatest, output) = (arguments.Tensor(0), arguments.OptionalTensor(1), arguments.OptionalTensor(2), arguments.Tensor(arguments.Count - 1));
        Dims.Check(least is not null || greatest is not null, "clamp needs a least or a greatest value");
        if (least is not null && greatest is not null)
        {
            Dims.ResizeToBroadcast(input, least, greatest, output);
        }
        else
        {
            Dims.ResizeToBroadcast(input, (least ?? greatest)!, output);
        }

        var body = new ClampTensorRow
        {
            Input = input.ScalarType,
            Output = output.ScalarType,
            Least = least?.ScalarType,
            Greatest = greatest?.ScalarType,
        };
        Common.Pointwise.Run(ref body, output, input, least ?? greatest, greatest ?? least);
    }

    private static void Where(KernelContext context, Arguments arguments)
    {
        var (condition, left, right, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(2), arguments.Tensor(arguments.Count - 1));
        Dims.ResizeToBroadcast(condition, left, right, output);
        var body = new WhereRow
        {
            Left = left.ScalarType,
            Right = right.ScalarType,
            Output = output.ScalarType,
            IsFloat = output.ScalarType.IsFloatingPoint(),
        };
        Common.Pointwise.Run(ref body, output, condition, left, right);
    }

    private static void MaskedFill(KernelContext context, Arguments arguments)
    {
        var (input, mask, number, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments[2], arguments.Tensor(arguments.Count - 1));
        Dims.ResizeToBroadcast(input, mask, output);
        var body = new MaskedFillRow
        {
            Input = input.ScalarType,
            Output = output.ScalarType,
            IsFloat = output.ScalarType.IsFloatingPoint(),
            Number = number.AsDouble(),
            Integer = number.Kind == EValueKind.Double ? Elements.ToLong(number.AsDouble()) : number.AsInt(),
        };
        Common.Pointwise.Run(ref body, output, input, mask);
    }

    private struct ClampRow : IRowBody
    {
        internal ScalarType Input;
        internal ScalarType Output;
        internal double Least;
        internal double Greatest;

        // NaN passes; a least value over the greatest gives the greatest.
        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                var value = Elements.LoadDouble(pointers[1] + (i * strides[1]), Input);
                value = value < Least ? Least : value;
                Elements.Store(pointers[0] + (i * strides[0]), Output, value > Greatest ? Greatest : value);
            }
        }
    }

    private struct LongClampRow : IRowBody
    {
        internal ScalarType Input;
        internal ScalarType Output;
        internal long Least;
        internal long Greatest;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                var value = Elements.LoadLong(pointers[1] + (i * strides[1]), Input);
                Elements.Store(pointers[0] + (i * strides[0]), Output, Math.Min(Math.Max(value, Least), Greatest));
            }
        }
    }

    private struct ClampTensorRow : IRowBody
    {
        internal ScalarType Input;
        internal ScalarType Output;
        internal ScalarType? Least;
        internal ScalarType? Greatest;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                var (a, b, c) = (i * strides[1], i * strides[2], i * strides[3]);
                if (Output.IsFloatingPoint())
                {
                    var value = Elements.LoadDouble(pointers[1] + a, Input);
                    value = Least is { } least ? Math.Max(value, Elements.LoadDouble(pointers[2] + b, least)) : value;
                    Elements.Store(pointers[0] + (i * strides[0]), Output, Greatest is { } greatest ? Math.Min(value, Elements.LoadDouble(pointers[3] + c, greatest)) : value);
                }
                else
                {
                    var value = Elements.LoadLong(pointers[1] + a, Input);
                    value = Least is { } least ? Math.Max(value, Elements.LoadLong(pointers[2] + b, least)) : value;
                    Elements.Store(pointers[0] + (i * strides[0]), Output, Greatest is { } greatest ? Math.Min(value, Elements.LoadLong(pointers[3] + c, greatest)) : value);
                }
            }
        }
    }

    private struct WhereRow : IRowBody
    {
        internal ScalarType Left;
        internal ScalarType Right;
        internal ScalarType Output;
        internal bool IsFloat;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                var isLeft = pointers[1][i * strides[1]] != 0;
                var source = isLeft ? pointers[2] + (i * strides[2]) : pointers[3] + (i * strides[3]);
                var type = isLeft ? Left : Right;
                if (IsFloat)
                {
                    Elements.Store(pointers[0] + (i * strides[0]), Output, Elements.LoadDouble(source, type));
                }
                else
                {
                    Elements.Store(pointers[0] + (i * strides[0]), Output, Elements.LoadLong(source, type));
                }
            }
        }
    }

    private struct MaskedFillRow : IRowBody
    {
        internal ScalarType Input;
        internal ScalarType Output;
        internal bool IsFloat;
        internal double Number;
        internal long Integer;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                var target = pointers[0] + (i * strides[0]);
                var source = pointers[1] + (i * strides[1]);
                var isMasked = pointers[2][i * strides[2]] != 0;
                if (IsFloat)
                {
                    Elements.Store(target, Output, isMasked ? Number : Elements.LoadDouble(source, Input));
                }
                else
                {
                    Elements.Store(target, Output, isMasked ? Integer : Elements.LoadLong(source, Input));
                }
            }
        }
    }
}
