using Tandem.Plugins.Cpu.Graph;

namespace Tandem.Plugins.Cpu.Payload;

/// <summary>A tensor as the payload declares it.</summary>
/// <param name="Id">The id that nodes name it by.</param>
/// <param name="Datatype">Element type.</param>
/// <param name="Shape">Sizes: exact, or upper bounds.</param>
/// <param name="ConstantIndex">Index into the constants; 0 if it is none.</param>
/// <param name="ExternalId">Position in the delegate call's arguments.</param>
/// <param name="Flags">1: external input; 2: external output.</param>
/// <param name="Quantization">How its numbers stand for real ones; null if it is not quantised.</param>
internal sealed record PayloadValue(
    uint Id, PayloadDatatype Datatype, Shape Shape, uint ConstantIndex, uint ExternalId, uint Flags, PayloadQuantization? Quantization = null)
{
    /// <summary>The id that means "none".</summary>
    public const uint NoId = 0xFFFFFFFF;

    public const uint ExternalInput = 1;

    public const uint ExternalOutput = 2;

    /// <summary>Bytes of the elements; 4 bit numbers lie two in a byte, each row from a byte of its own.</summary>
    public long ByteCount => Datatype switch
    {
        PayloadDatatype.QCInt4 or PayloadDatatype.QBInt4 => Shape.Rank == 0 ? 1 : Shape.Product(0, Shape.Rank - 1) * (((long)Shape.FromEnd(1) + 1) / 2),
        PayloadDatatype.QInt8 or PayloadDatatype.QUInt8 or PayloadDatatype.QCInt8 or PayloadDatatype.QDInt8 or PayloadDatatype.QPInt8 => Shape.ElementCount,
        PayloadDatatype.Fp16 or PayloadDatatype.BF16 => Shape.ElementCount * 2,
        _ => Shape.ElementCount * 4,
    };
}
