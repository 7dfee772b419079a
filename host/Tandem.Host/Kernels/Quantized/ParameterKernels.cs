using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Quantized;

/// <summary>Scales and zero points from the range of the values, for dynamic quantisation.</summary>
internal static unsafe class ParameterKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("quantized_decomposed::choose_qparams.Tensor_out", ForTensor)
        .Add("quantized_decomposed::choose_qparams_per_token_asymmetric.out", ForTokens);

    // input, quant_min, quant_max, eps, dtype
    private static void ForTensor(KernelContext context, Arguments arguments)
    {
        var input = arguments.Tensor(0);
        var (least, greatest) = (arguments.Int(1), arguments.Int(2));
        Dims.Check(least < greatest, "the least quantised value is not below the greatest");
        Dims.Check(input.ElementCount > 0, "an empty tensor has no range");
        var (scales, zeroPoints) = Outputs(arguments);
        scales.Resize([1]);
        zeroPoints.Resize([1]);
        var (low, high) = Range(input, 0, input.ElementCount);
        var scale = float.Max((high - low) / (greatest - least), (float)arguments.Double(3));
        var zeroPoint = Math.Clamp(least - Elements.ToLong(float.Round(low / scale)), least, greatest);
        Elements.Store((byte*)scales.Data, scales.ScalarType, scale);
        Elements.Store((byte*)zeroPoints.Data, zeroPoints.ScalarType, zeroPoint);
    }

    // input, dtype: int8, one scale and zero point for each row
    private static void ForTokens(KernelContext context, Arguments arguments)
    {
        const int Least = -128;
        const int Greatest = 127;
        var input = arguments.Tensor(0);
        Dims.Check(input.IsContiguous && input.Rank > 0 && input.Sizes[^1] > 0, "tokens are the rows of a contiguous tensor");
        var (scales, zeroPoints) = Outputs(arguments);
        Span<int> sizes = stackalloc int[input.Rank];
        input.Sizes.CopyTo(sizes);
        sizes[^1] = 1;
        scales.Resize(sizes);
        zeroPoints.Resize(sizes);
        var run = input.Sizes[^1];
        for (long token = 0; token < scales.ElementCount; token++)
        {
            var (low, high) = Range(input, token * run, run);
            var scale = float.Max((high - low) / (Greatest - Least), 1.1920929e-07f);
            var (fromLow, fromHigh) = (low / scale, high / scale);

            // The end whose error is smaller decides.
            var zeroPoint = Least + fromLow + (Greatest + fromHigh) > 0 ? Least - fromLow : Greatest - fromHigh;
            zeroPoint = float.Round(float.Clamp(zeroPoint, Least, Greatest));
            Elements.Store((byte*)scales.Data + (token * scales.ElementSize), scales.ScalarType, scale);
            Elements.Store((byte*)zeroPoints.Data + (token * zeroPoints.ElementSize), zeroPoints.ScalarType, zeroPoint);
        }
    }

    // The range holds 0, so that 0 is a quantised value.
    private static (float Low, float High) Range(TensorView input, long start, long count)
    {
        var (low, high) = (0f, 0f);
        for (var i = start; i < start + count; i++)
        {
            var value = (float)Elements.LoadDouble((byte*)input.Data + (i * input.ElementSize), input.ScalarType);
            low = float.Min(low, value);
            high = float.Max(high, value);
        }

        return (low, high);
    }

    private static (TensorView Scales, TensorView ZeroPoints) Outputs(Arguments arguments)
    {
        var outputs = arguments.TensorList(arguments.Count - 1);
        Dims.Check(outputs.Length == 2, "there are two outputs, scale and zero point");
        return (outputs[0]!, outputs[1]!);
    }
}
