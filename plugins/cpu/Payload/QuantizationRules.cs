using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Payload;

/// <summary>What the format demands of a value's quantisation parameters, as far as the value alone tells.</summary>
internal static class QuantizationRules
{
    private const int GroupUnit = 32;

    /// <summary>Whether a scale is one: finite, positive and not subnormal.</summary>
    public static bool IsScale(float scale) => float.IsNormal(scale) && scale > 0;

    /// <summary>The number of scales that a value has; 1 for a whole tensor, 0 without quantisation.</summary>
    public static long ScaleCount(PayloadValue value) => value.Quantization switch
    {
        PayloadQuantization.PerTensor => 1,
        PayloadQuantization.PerChannel p => value.Shape.FromEnd(value.Shape.Rank - p.ChannelDimension),
        PayloadQuantization.PerChannelGroup p => value.Shape.ElementCount / p.GroupSize,
        _ => 0,
    };

    /// <summary>Checks a value; scales that are a constant are checked by whoever reads them.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.PayloadInvalid"/> or <see cref="ErrorCode.PayloadNotSupported"/>.</exception>
    public static void Check(PayloadValue value)
    {
        switch (value.Quantization)
        {
            case null:
                Require(
                    value.Datatype is PayloadDatatype.Fp32 or PayloadDatatype.Fp16 or PayloadDatatype.BF16 or PayloadDatatype.Int32 or PayloadDatatype.PFp32,
                    value, "a value of a quantised type has no quantisation parameters", "fp32, fp16, bf16 or int32", PayloadNames.Of(value.Datatype));
                break;
            case PayloadQuantization.PerTensor p:
                CheckType(value, "one scale", value.Datatype is PayloadDatatype.QInt8 or PayloadDatatype.QUInt8 or PayloadDatatype.QInt32);
                CheckScale(value, p.Scale);
                var (low, high) = value.Datatype switch
                {
                    PayloadDatatype.QInt8 => (sbyte.MinValue, sbyte.MaxValue),
                    PayloadDatatype.QUInt8 => (byte.MinValue, byte.MaxValue),
                    _ => (0, 0),
                };
                Require(p.ZeroPoint >= low && p.ZeroPoint <= high, value, "a zero point is impossible", $"{low} to {high}", p.ZeroPoint.ToString());
                break;
            case PayloadQuantization.PerChannel p:
                CheckType(value, "a scale for each channel", value.Datatype is PayloadDatatype.QCInt8 or PayloadDatatype.QCInt32 or PayloadDatatype.QCInt4);
                Require(
                    (uint)p.ChannelDimension < (uint)value.Shape.Rank, value, "the dimension of the channels is none of the value's",
                    $"below {value.Shape.Rank}", p.ChannelDimension.ToString());
                CheckCount(value, p.Scales, p.ScaleIndex, p.ScaleCount);
                break;
            case PayloadQuantization.PerChannelGroup p:
                CheckType(value, "a scale for each group", value.Datatype == PayloadDatatype.QBInt4);
                Require(
                    value.Shape.Rank == 2 && p.ChannelDimension == 0 && p.GroupSize > 0 && p.GroupSize % GroupUnit == 0 && value.Shape.FromEnd(1) % p.GroupSize == 0,
                    value, "the groups do not fit the value", $"a matrix whose rows are divided into groups of a multiple of {GroupUnit}",
                    $"{value.Shape}, channel dimension {p.ChannelDimension}, group size {p.GroupSize}");
                CheckCount(value, p.LegacyScales, p.ScaleIndex, p.ScaleCount);
                break;
            case PayloadQuantization.PerTokenDynamic p:
                CheckType(value, "parameters of run time", value.Datatype == PayloadDatatype.QDInt8);
                Require(
                    p.NonBatchDimensions >= 1 && p.NonBatchDimensions <= value.Shape.Rank && value.ConstantIndex == 0, value,
                    "a value quantised while running is constant, or its rows are impossible",
                    $"a result whose last 1 to {value.Shape.Rank} dimensions are a row", $"{p.NonBatchDimensions}");
                break;
            default:
                throw new InvalidOperationException($"{value.Quantization.GetType()} is no kind of quantisation");
        }
    }

    private static void CheckCount(PayloadValue value, float[]? scales, uint index, uint count)
    {
        var expected = ScaleCount(value);
        if (index != 0)
        {
            Require(count == expected, value, "there are too many scales, or too few", expected.ToString(), count.ToString());
            return;
        }

        var found = scales?.Length ?? 0;
        Require(found == expected, value, "there are too many scales, or too few", expected.ToString(), found.ToString());
        foreach (var scale in scales ?? [])
        {
            CheckScale(value, scale);
        }
    }

    /// <summary>Checks one scale.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.PayloadInvalid"/>.</exception>
    public static void CheckScale(PayloadValue value, float scale) =>
        Require(IsScale(scale), value, "a scale is impossible", "a positive number, neither subnormal nor infinite", scale.ToString("R"));

    private static void CheckType(PayloadValue value, string parameters, bool isRight) => Require(
        isRight, value, $"a value's type does not go with {parameters}", "parameters of the type's kind", PayloadNames.Of(value.Datatype));

    private static void Require(bool isRight, PayloadValue value, string problem, string expected, string found)
    {
        if (!isRight)
        {
            throw new TandemException(ErrorCode.PayloadInvalid, problem, new ErrorDetails
            {
                Location = $"value {value.Id}",
                Expected = expected,
                Found = found,
                NextStep = "export the program again",
            });
        }
    }
}
