using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Lowering.Constants;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Operators;

/// <summary>Filters and biases of linear layers and convolutions that compute with codes, as payloads hold them.</summary>
internal static class QuantisedProducts
{
    // Blocks of a row as XNNPACK takes them.
    private const int GroupUnit = 32;

    // A requantisation of 256 or more is refused by XNNPACK; sums beyond this bias could overflow.
    private const float MaxRequantisation = 256;
    private const double MaxBias = 1 << 30;

    /// <summary>Why a product of codes with this weight cannot be written; null if it can.</summary>
    /// <param name="input">Parameters of the input.</param>
    /// <param name="weight">The weight, its channels in one dimension.</param>
    /// <param name="channels">The dimension of output channels.</param>
    /// <param name="bias">The bias, or null.</param>
    /// <param name="result">Parameters of the result.</param>
    public static string? Refuse(
        PayloadQuantization.PerTensor input, QuantisedWeight weight, int channels, LoweredTensor? bias, PayloadQuantization.PerTensor result)
    {
        if (weight.ScalesOf(channels) is not { } scales)
        {
            return "the weight has scales within an output channel";
        }

        if (!weight.IsSymmetric)
        {
            return "the weight has a zero point other than 0";
        }

        if (bias is not null && (bias is not { IsConstant: true, Rank: 1 } || bias.Constant.Sizes[0] != scales.Length))
        {
            return "the bias is computed when called, or is not one number for each output channel";
        }

        var numbers = bias?.Constant.ReadFloats();
        for (var i = 0; i < scales.Length; i++)
        {
            var scale = scales[i] * input.Scale;
            if (!QuantisedWeight.IsScale(scale) || scale / result.Scale >= MaxRequantisation || !QuantisedWeight.IsScale(scale / result.Scale))
            {
                return $"the scales {input.Scale}, {scales[i]} and {result.Scale} of input, weight and result are too far apart";
            }

            if (numbers is not null && !(Math.Abs((double)numbers[i] / scale) <= MaxBias))
            {
                return $"the bias {numbers[i]} is beyond what an integer of scale {scale} can hold";
            }
        }

        return null;
    }

    /// <summary>The filter of a product of codes with codes.</summary>
    /// <param name="writer">The payload.</param>
    /// <param name="weight">The weight as the payload holds it.</param>
    /// <param name="channels">The dimension of output channels.</param>
    public static uint StaticFilter(GraphWriter writer, QuantisedWeight weight, int channels) => weight.IsWhole
        ? writer.AddConstant(weight.Codes, PayloadDatatype.QInt8, new PayloadQuantization.PerTensor(weight.Scales()[0], 0))
        : writer.AddConstant(
            weight.Codes, PayloadDatatype.QCInt8, new PayloadQuantization.PerChannel([], channels, 0, 0), Scales(weight.ScalesOf(channels)!));

    /// <summary>The bias of a product of codes with codes: integers whose scale is that of the input times that of the weight.</summary>
    /// <param name="writer">The payload.</param>
    /// <param name="bias">The bias; null for none.</param>
    /// <param name="input">Parameters of the input.</param>
    /// <param name="weight">The weight.</param>
    /// <param name="channels">The dimension of output channels.</param>
    public static uint StaticBias(GraphWriter writer, LoweredTensor? bias, PayloadQuantization.PerTensor input, QuantisedWeight weight, int channels)
    {
        if (bias is null)
        {
            return PayloadValue.NoId;
        }

        var numbers = bias.Constant;
        var scales = Array.ConvertAll(weight.ScalesOf(channels)!, scale => scale * input.Scale);
        var integers = ConstantTensor.ComputeBytes(numbers.Origin, ScalarType.Int, numbers.Sizes, () =>
        {
            var values = numbers.ReadFloats();
            return MemoryMarshal.AsBytes(Array.ConvertAll(Enumerable.Range(0, values.Length).ToArray(), i =>
                (int)MathF.Round(values[i] * (1 / scales[i]), MidpointRounding.ToEven)).AsSpan()).ToArray();
        });
        return weight.IsWhole ? writer.AddConstant(integers, PayloadDatatype.QInt32, new PayloadQuantization.PerTensor(scales[0], 0))
            : writer.AddConstant(integers, PayloadDatatype.QCInt32, new PayloadQuantization.PerChannel([], 0, 0, 0), Scales(scales));
    }

    /// <summary>The filter of a product whose input is quantised row by row when called.</summary>
    /// <param name="writer">The payload.</param>
    /// <param name="weight">The weight as the payload holds it; its first dimension are output channels.</param>
    /// <param name="takesFourBits">Whether the node has filters of four bits.</param>
    /// <exception cref="LoweringRefusal">A payload cannot hold it.</exception>
    public static uint DynamicFilter(GraphWriter writer, QuantisedWeight weight, bool takesFourBits)
    {
        if (!weight.IsSymmetric)
        {
            throw new LoweringRefusal("the weight has a zero point other than 0");
        }

        var codes = weight.Codes;
        var group = weight.GroupSize;

        // ExecuTorch's runtime reads rows of an odd number of four bit codes otherwise than it writes them.
        var hasFourBits = takesFourBits && weight.HasFourBits && codes.Sizes[^1] % 2 == 0;
        if (hasFourBits && group > 0 && group % GroupUnit == 0 && codes.Sizes[1] % group == 0)
        {
            var scales = BlockScales(weight);
            return writer.AddConstant(
                codes, PayloadDatatype.QBInt4, new PayloadQuantization.PerChannelGroup(0, group, 0, 0, []), scales, FourBitCodes.Pack(codes));
        }

        var channelScales = weight.ScalesOf(0) ?? throw new LoweringRefusal(weight.HasFourBits
            ? $"weights in groups of {group} with a scale each; payloads have groups of {GroupUnit}, {2 * GroupUnit}, ..."
            : "int8 weights with several scales in an output channel; payloads have such groups of four bit codes only");
        return hasFourBits
            ? writer.AddConstant(
                codes, PayloadDatatype.QCInt4, new PayloadQuantization.PerChannel([], 0, 0, 0), Scales(channelScales), FourBitCodes.Pack(codes))
            : writer.AddConstant(codes, PayloadDatatype.QCInt8, new PayloadQuantization.PerChannel([], 0, 0, 0), Scales(channelScales));
    }

    private static ConstantTensor Scales(float[] scales) => ConstantTensor.Of(ScalarType.Float, MemoryMarshal.AsBytes(scales.AsSpan()).ToArray(), [scales.Length]);

    private static ConstantTensor BlockScales(QuantisedWeight weight)
    {
        var scales = Array.ConvertAll(weight.Scales(), static scale => ToBFloat16(scale));
        if (Array.Exists(scales, static scale => !QuantisedWeight.IsScale(BitConverter.UInt32BitsToSingle((uint)scale << 16))))
        {
            throw new LoweringRefusal("a scale of a block is not positive and normal as bfloat16");
        }

        return ConstantTensor.Of(ScalarType.BFloat16, MemoryMarshal.AsBytes(scales.AsSpan()).ToArray(), [scales.Length]);
    }

    // Rounds to the nearest, ties to even.
    private static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
