using System.Numerics;
using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Quantized;

/// <summary>Floats to quantised integers and back, with one scale and zero point for a tensor, a channel or a token.</summary>
internal static unsafe class AffineKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("quantized_decomposed::quantize_per_tensor.out", (_, arguments) => QuantizePerTensor(arguments, arguments.Double(1), arguments.Int(2)))
        .Add("quantized_decomposed::quantize_per_tensor.Tensor_out", (_, arguments) => QuantizePerTensor(arguments, Item(arguments.Tensor(1)), (long)Item(arguments.Tensor(2))))
        .Add("quantized_decomposed::dequantize_per_tensor.out", (_, arguments) => DequantizePerTensor(arguments, arguments.Double(1), arguments.Int(2)))
        .Add("quantized_decomposed::dequantize_per_tensor.Tensor_out", (_, arguments) => DequantizePerTensor(arguments, Item(arguments.Tensor(1)), (long)Item(arguments.Tensor(2))))
        .Add("quantized_decomposed::quantize_per_channel.out", QuantizePerChannel)
        .Add("quantized_decomposed::dequantize_per_channel.out", DequantizePerChannel)
        .Add("quantized_decomposed::quantize_per_token.out", QuantizePerToken)
        .Add("quantized_decomposed::dequantize_per_token.out", DequantizePerToken)
        .Add("quantized_decomposed::add.out", Add);

    private static void QuantizePerTensor(Arguments arguments, double scale, long zeroPoint)
    {
        var (input, output) = Prepare(arguments);
        Quantize<float>(input, 0, output, input.ElementCount, (float)(1 / scale), zeroPoint, arguments.Int(3), arguments.Int(4), roundsLast: false);
    }

    private static void DequantizePerTensor(Arguments arguments, double scale, long zeroPoint)
    {
        var (input, output) = Prepare(arguments);
        Dequantize<float>(input, 0, output, input.ElementCount, (float)scale, zeroPoint);
    }

    // input, scales, zero_points, axis, quant_min, quant_max, dtype
    private static void QuantizePerChannel(KernelContext context, Arguments arguments)
    {
        var (input, output) = Prepare(arguments);
        var (scales, zeroPoints) = (arguments.Tensor(1), arguments.OptionalTensor(2));
        var (channels, run) = Channels(input, arguments.Int(3), scales, zeroPoints);
        QuantizeRuns(input, output, scales, zeroPoints, channels, run, arguments.Int(4), arguments.Int(5), roundsLast: false);
    }

    // input, scales, zero_points?, axis, quant_min, quant_max, dtype, out_dtype?
    private static void DequantizePerChannel(KernelContext context, Arguments arguments)
    {
        var (input, output) = Prepare(arguments);
        var (scales, zeroPoints) = (arguments.Tensor(1), arguments.OptionalTensor(2));
        var (channels, run) = Channels(input, arguments.Int(3), scales, zeroPoints);
        for (long start = 0, n = 0; start < input.ElementCount; start += run, n++)
        {
            // A scale of one channel is a number to PyTorch, which rounds it to the tensor's dtype.
            Dequantize<float>(input, start, output, run, (float)Read(scales, n % channels), ZeroPoint(zeroPoints, n % channels));
        }
    }

    // input, scales, zero_points, quant_min, quant_max, dtype
    private static void QuantizePerToken(KernelContext context, Arguments arguments)
    {
        var (input, output) = Prepare(arguments);
        var (scales, zeroPoints) = (arguments.Tensor(1), arguments.Tensor(2));
        var (tokens, run) = Tokens(input, scales, zeroPoints);
        QuantizeRuns(input, output, scales, zeroPoints, tokens, run, arguments.Int(3), arguments.Int(4), roundsLast: true);
    }

    // input, scales, zero_points, quant_min, quant_max, dtype, output_dtype
    private static void DequantizePerToken(KernelContext context, Arguments arguments)
    {
        var (input, output) = Prepare(arguments);
        var (scales, zeroPoints) = (arguments.Tensor(1), arguments.Tensor(2));
        var (_, run) = Tokens(input, scales, zeroPoints);
        for (long start = 0, n = 0; start < input.ElementCount; start += run, n++)
        {
            if (scales.ScalarType == ScalarType.Double)
            {
                Dequantize(input, start, output, run, Read(scales, n), ZeroPoint(zeroPoints, n));
            }
            else
            {
                Dequantize(input, start, output, run, (float)Read(scales, n), ZeroPoint(zeroPoints, n));
            }
        }
    }

    // a, its scale, zero point and limits; b likewise; the output's likewise.
    private static void Add(KernelContext context, Arguments arguments)
    {
        var (left, right, output) = (arguments.Tensor(0), arguments.Tensor(5), arguments.Tensor(arguments.Count - 1));
        Dims.Check(left.Sizes.SequenceEqual(right.Sizes), "the quantised tensors have different shapes");
        output.Resize(left.Sizes);
        Dims.Check(left.DimOrder.SequenceEqual(right.DimOrder) && left.DimOrder.SequenceEqual(output.DimOrder), "the tensors have different dim orders");
        var (leftScale, rightScale, inverse) = ((float)arguments.Double(1), (float)arguments.Double(6), (float)(1 / arguments.Double(10)));
        var (leftZero, rightZero, zeroPoint) = (arguments.Int(2), arguments.Int(7), arguments.Int(11));
        var (least, greatest) = (arguments.Int(12), arguments.Int(13));
        for (long i = 0; i < output.ElementCount; i++)
        {
            var sum = ((float)(Integer(left, i) - leftZero) * leftScale) + ((float)(Integer(right, i) - rightZero) * rightScale);
            StoreInteger(output, i, Limit(float.Round(sum * inverse) + zeroPoint, least, greatest));
        }
    }

    private static void QuantizeRuns(
        TensorView input, TensorView output, TensorView scales, TensorView? zeroPoints, long count, long run, long least, long greatest, bool roundsLast)
    {
        for (long start = 0, n = 0; start < input.ElementCount; start += run, n++)
        {
            var zeroPoint = ZeroPoint(zeroPoints, n % count);
            if (scales.ScalarType == ScalarType.Double)
            {
                Quantize(input, start, output, run, 1 / Read(scales, n % count), zeroPoint, least, greatest, roundsLast);
            }
            else
            {
                Quantize(input, start, output, run, 1 / (float)Read(scales, n % count), zeroPoint, least, greatest, roundsLast);
            }
        }
    }

    private static void Quantize<T>(
        TensorView input, long start, TensorView output, long count, T inverse, long zeroPoint, long least, long greatest, bool roundsLast)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var zero = T.CreateTruncating(zeroPoint);
        for (var i = start; i < start + count; i++)
        {
            var value = (input.ScalarType == ScalarType.Float ? T.CreateTruncating(((float*)input.Data)[i]) : T.CreateTruncating(Read(input, i))) * inverse;
            value = roundsLast ? T.Round(value + zero) : T.Round(value) + zero;
            StoreInteger(output, i, Limit(double.CreateTruncating(value), least, greatest));
        }
    }

    private static void Dequantize<T>(TensorView input, long start, TensorView output, long count, T scale, long zeroPoint)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (var i = start; i < start + count; i++)
        {
            var value = T.CreateTruncating(Integer(input, i) - zeroPoint) * scale;
            if (output.ScalarType == ScalarType.Float)
            {
                ((float*)output.Data)[i] = float.CreateTruncating(value);
            }
            else
            {
                Elements.Store((byte*)output.Data + (i * output.ElementSize), output.ScalarType, double.CreateTruncating(value));
            }
        }
    }

    // What is not a number stays so and is stored as 0, as PyTorch's conversion gives.
    private static double Limit(double value, long least, long greatest) => value < least ? least : value > greatest ? greatest : value;

    private static void StoreInteger(TensorView output, long index, double value)
    {
        switch (output.ScalarType)
        {
            case ScalarType.Char: ((sbyte*)output.Data)[index] = (sbyte)(int)value; break;
            case ScalarType.Byte: ((byte*)output.Data)[index] = (byte)(int)value; break;
            default: Elements.Store((byte*)output.Data + (index * output.ElementSize), output.ScalarType, double.IsNaN(value) ? 0 : value); break;
        }
    }

    private static long Integer(TensorView input, long index) => input.ScalarType switch
    {
        ScalarType.Char => ((sbyte*)input.Data)[index],
        ScalarType.Byte => ((byte*)input.Data)[index],
        _ => Elements.LoadLong((byte*)input.Data + (index * input.ElementSize), input.ScalarType),
    };

    private static (TensorView Input, TensorView Output) Prepare(Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        output.Resize(input.Sizes);
        Dims.Check(input.DimOrder.SequenceEqual(output.DimOrder), "a quantised tensor has the dim order of its input");
        return (input, output);
    }

    // In memory order a channel is a run of as many elements as the dimension's stride.
    private static (long Channels, long Run) Channels(TensorView input, long axis, TensorView scales, TensorView? zeroPoints)
    {
        var dim = Dims.Wrap(axis, input.Rank);
        var channels = Dims.Size(input, dim);
        Dims.Check(scales.ElementCount == channels && (zeroPoints is null || zeroPoints.ElementCount == channels), "there is not one scale and zero point for each channel");
        return (channels, input.Rank == 0 ? 1 : input.Strides[dim]);
    }

    private static (long Tokens, long Run) Tokens(TensorView input, TensorView scales, TensorView zeroPoints)
    {
        Dims.Check(input.IsContiguous && input.Rank > 0, "tokens are the rows of a contiguous tensor");
        var run = input.Sizes[^1];
        var tokens = run == 0 ? 0 : input.ElementCount / run;
        Dims.Check(tokens == 0 || (scales.ElementCount == tokens && zeroPoints.ElementCount == tokens), "there is not one scale and zero point for each token");
        return (tokens, run);
    }

    private static long ZeroPoint(TensorView? zeroPoints, long index) =>
        zeroPoints is null ? 0 : Elements.LoadLong((byte*)zeroPoints.Data + (index * zeroPoints.ElementSize), zeroPoints.ScalarType);

    private static double Read(TensorView tensor, long index) => Elements.LoadDouble((byte*)tensor.Data + (index * tensor.ElementSize), tensor.ScalarType);

    private static double Item(TensorView tensor)
    {
        Dims.Check(tensor.ElementCount == 1, "a scale or zero point of a whole tensor is one element");
        return Read(tensor, 0);
    }
}
