namespace Tandem.Sdk;

/// <summary>Element types with ExecuTorch's codes (the byte in .pte and .ptd files).</summary>
public enum ScalarType : byte
{
    /// <summary>Unsigned 8 bit integer (torch.uint8).</summary>
    Byte = 0,

    /// <summary>Signed 8 bit integer (torch.int8).</summary>
    Char = 1,

    /// <summary>Signed 16 bit integer (torch.int16).</summary>
    Short = 2,

    /// <summary>Signed 32 bit integer (torch.int32).</summary>
    Int = 3,

    /// <summary>Signed 64 bit integer (torch.int64).</summary>
    Long = 4,

    /// <summary>IEEE 16 bit float (torch.float16).</summary>
    Half = 5,

    /// <summary>IEEE 32 bit float (torch.float32).</summary>
    Float = 6,

    /// <summary>IEEE 64 bit float (torch.float64).</summary>
    Double = 7,

    /// <summary>Two 16 bit floats, real and imaginary (torch.complex32).</summary>
    ComplexHalf = 8,

    /// <summary>Two 32 bit floats, real and imaginary (torch.complex64).</summary>
    ComplexFloat = 9,

    /// <summary>Two 64 bit floats, real and imaginary (torch.complex128).</summary>
    ComplexDouble = 10,

    /// <summary>One byte, 0 or 1 (torch.bool).</summary>
    Bool = 11,

    /// <summary>Quantised signed 8 bit.</summary>
    QInt8 = 12,

    /// <summary>Quantised unsigned 8 bit.</summary>
    QUInt8 = 13,

    /// <summary>Quantised signed 32 bit.</summary>
    QInt32 = 14,

    /// <summary>Brain float: the upper half of a 32 bit float (torch.bfloat16).</summary>
    BFloat16 = 15,

    /// <summary>Two unsigned 4 bit values in a byte.</summary>
    QUInt4x2 = 16,

    /// <summary>Four unsigned 2 bit values in a byte.</summary>
    QUInt2x4 = 17,

    /// <summary>16 uninterpreted bits.</summary>
    Bits16 = 22,

    /// <summary>8 bit float, 5 exponent bits.</summary>
    Float8E5M2 = 23,

    /// <summary>8 bit float, 4 exponent bits, finite.</summary>
    Float8E4M3Fn = 24,

    /// <summary>8 bit float, 5 exponent bits, finite, no negative zero.</summary>
    Float8E5M2Fnuz = 25,

    /// <summary>8 bit float, 4 exponent bits, finite, no negative zero.</summary>
    Float8E4M3Fnuz = 26,

    /// <summary>Unsigned 16 bit integer (torch.uint16).</summary>
    UInt16 = 27,

    /// <summary>Unsigned 32 bit integer (torch.uint32).</summary>
    UInt32 = 28,

    /// <summary>Unsigned 64 bit integer (torch.uint64).</summary>
    UInt64 = 29,
}
