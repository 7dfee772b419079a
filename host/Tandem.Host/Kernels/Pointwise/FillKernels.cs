using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Pointwise;

/// <summary>Kernels that make tensors from nothing: full, zeros, arange, rand.</summary>
internal static unsafe class FillKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::full.out", (_, arguments) => Fill(Sized(arguments), arguments[1]))
        .Add("aten::full_like.out", (_, arguments) => Fill(Like(arguments), arguments[1]))
        .Add("aten::fill.Scalar_out", (_, arguments) => Fill(Like(arguments), arguments[1]))
        .Add("aten::fill.Tensor_out", (_, arguments) => Fill(Like(arguments), Number(arguments.Tensor(1))))
        .Add("aten::scalar_tensor.out", (_, arguments) => Fill(arguments.Tensor(arguments.Count - 1), arguments[0]))
        .Add("aten::ones.out", (_, arguments) => Fill(Sized(arguments), EValue.FromInt(1)))
        .Add("aten::zeros.out", (_, arguments) => Fill(Sized(arguments), EValue.FromInt(0)))
        .Add("aten::empty.out", (_, arguments) => Sized(arguments))
        .Add("dim_order_ops::_empty_dim_order.out", (_, arguments) => Sized(arguments))
        .Add("aten::arange.out", (_, arguments) => Arange(arguments, EValue.FromInt(0), arguments[0], EValue.FromInt(1)))
        .Add("aten::arange.start_out", (_, arguments) => Arange(arguments, arguments[0], arguments[1], arguments[2]))
        .Add("aten::rand.out", (context, arguments) => Random(Sized(arguments), context.Random, isNormal: false))
        .Add("aten::randn.out", (context, arguments) => Random(Sized(arguments), context.Random, isNormal: true))
        .Add("aten::native_dropout.out", Dropout);

    /// <summary>Writes a number into every element.</summary>
    internal static void Fill(TensorView output, EValue number)
    {
        if (output.ElementCount == 0)
        {
            return;
        }

        var first = (byte*)output.Data;
        if (number.Kind == EValueKind.Double)
        {
            Elements.Store(first, output.ScalarType, number.AsDouble());
        }
        else
        {
            Elements.Store(first, output.ScalarType, number.AsInt());
        }

        switch (output.ElementSize)
        {
            case 1: output.AsSpan<byte>().Fill(*first); break;
            case 2: output.AsSpan<ushort>().Fill(*(ushort*)first); break;
            case 4: output.AsSpan<uint>().Fill(*(uint*)first); break;
            default: output.AsSpan<ulong>().Fill(*(ulong*)first); break;
        }
    }

    private static TensorView Sized(Arguments arguments)
    {
        var sizes = arguments.IntList(0);
        var output = arguments.Tensor(arguments.Count - 1);
        Span<int> shape = stackalloc int[Dims.Rank(sizes)];
        Dims.ToSizes(sizes, shape);
        output.Resize(shape);
        return output;
    }

    private static TensorView Like(Arguments arguments)
    {
        var output = arguments.Tensor(arguments.Count - 1);
        output.Resize(arguments.Tensor(0).Sizes);
        return output;
    }

    private static EValue Number(TensorView tensor)
    {
        Dims.Check(tensor.ElementCount == 1, "the value to fill with is not one element");
        return tensor.ScalarType.IsFloatingPoint() ? EValue.FromDouble(Elements.LoadDouble((byte*)tensor.Data, tensor.ScalarType))
            : EValue.FromInt(Elements.LoadLong((byte*)tensor.Data, tensor.ScalarType));
    }

    private static void Arange(Arguments arguments, EValue start, EValue end, EValue step)
    {
        var output = arguments.Tensor(arguments.Count - 1);
        var isInteger = start.Kind == EValueKind.Int && end.Kind == EValueKind.Int && step.Kind == EValueKind.Int;
        var count = isInteger ? Count(start.AsInt(), end.AsInt(), step.AsInt()) : Math.Ceiling((end.AsDouble() - start.AsDouble()) / step.AsDouble());
        Dims.Check(count is >= 0 and <= int.MaxValue, "the step of arange leads away from its end");
        output.Resize([(int)count]);
        for (var i = 0; i < (int)count; i++)
        {
            var target = (byte*)output.Data + ((long)i * output.ElementSize);
            if (isInteger)
            {
                Elements.Store(target, output.ScalarType, start.AsInt() + (i * step.AsInt()));
            }
            else
            {
                Elements.Store(target, output.ScalarType, start.AsDouble() + (i * step.AsDouble()));
            }
        }

        static double Count(long start, long end, long step)
        {
            Dims.Check(step != 0, "the step of arange is 0");
            return Math.Ceiling(((double)end - start) / step);
        }
    }

    private static void Random(TensorView output, Random random, bool isNormal)
    {
        for (long i = 0; i < output.ElementCount; i++)
        {
            var value = random.NextDouble();
            if (isNormal)
            {
                value = Math.Sqrt(-2 * Math.Log(1 - value)) * Math.Cos(2 * Math.PI * random.NextDouble());
            }

            Elements.Store((byte*)output.Data + (i * output.ElementSize), output.ScalarType, value);
        }
    }

    private static void Dropout(KernelContext context, Arguments arguments)
    {
        var (input, probability) = (arguments.Tensor(0), arguments.Double(1));
        var isTraining = arguments[2].IsNone || arguments.Bool(2);
        var outputs = arguments.TensorList(arguments.Count - 1);
        var (output, mask) = (outputs[0]!, outputs[1]!);
        output.Resize(input.Sizes);
        mask.Resize(input.Sizes);
        var scale = probability < 1 ? 1 / (1 - probability) : 0;
        for (long i = 0; i < input.ElementCount; i++)
        {
            var isKept = !isTraining || context.Random.NextDouble() >= probability;
            var value = Elements.LoadDouble((byte*)input.Data + (i * input.ElementSize), input.ScalarType);
            Elements.Store((byte*)output.Data + (i * output.ElementSize), output.ScalarType, isKept ? value * (isTraining ? scale : 1) : 0);
            ((byte*)mask.Data)[i] = isKept ? (byte)1 : (byte)0;
        }
    }
}
