namespace Tandem.Sdk;

/// <summary>Facts about element types.</summary>
public static class ScalarTypes
{
    /// <summary>Bytes of one element, or 0 for a code that is not an element type.</summary>
    /// <param name="type">The element type.</param>
    /// <returns>The size in bytes.</returns>
    public static int Size(this ScalarType type) => type switch
    {
        ScalarType.Byte or ScalarType.Char or ScalarType.Bool or ScalarType.QInt8 or ScalarType.QUInt8 => 1,
        ScalarType.QUInt4x2 or ScalarType.QUInt2x4 => 1,
        ScalarType.Float8E5M2 or ScalarType.Float8E4M3Fn or ScalarType.Float8E5M2Fnuz or ScalarType.Float8E4M3Fnuz => 1,
        ScalarType.Short or ScalarType.Half or ScalarType.BFloat16 or ScalarType.Bits16 or ScalarType.UInt16 => 2,
        ScalarType.Int or ScalarType.Float or ScalarType.QInt32 or ScalarType.UInt32 or ScalarType.ComplexHalf => 4,
        ScalarType.Long or ScalarType.Double or ScalarType.UInt64 or ScalarType.ComplexFloat => 8,
        ScalarType.ComplexDouble => 16,
        _ => 0,
    };

    /// <summary>Whether the type is a real floating-point type of 16 bits or more.</summary>
    /// <param name="type">The element type.</param>
    /// <returns>True for Half, BFloat16, Float and Double.</returns>
    public static bool IsFloatingPoint(this ScalarType type) =>
        type is ScalarType.Half or ScalarType.BFloat16 or ScalarType.Float or ScalarType.Double;

    /// <summary>Whether the type is an integer type; Bool is not.</summary>
    /// <param name="type">The element type.</param>
    /// <returns>True for the signed and unsigned integers of 8 to 64 bits.</returns>
    public static bool IsInteger(this ScalarType type) =>
        type is ScalarType.Byte or ScalarType.Char or ScalarType.Short or ScalarType.Int or ScalarType.Long
            or ScalarType.UInt16 or ScalarType.UInt32 or ScalarType.UInt64;

    /// <summary>Whether the type is a complex type.</summary>
    /// <param name="type">The element type.</param>
    /// <returns>True for the complex types.</returns>
    public static bool IsComplex(this ScalarType type) =>
        type is ScalarType.ComplexHalf or ScalarType.ComplexFloat or ScalarType.ComplexDouble;

    /// <summary>PyTorch's name of the type, as in "float32".</summary>
    /// <param name="type">The element type.</param>
    /// <returns>The name.</returns>
    public static string TorchName(this ScalarType type) => type switch
    {
        ScalarType.Byte => "uint8",
        ScalarType.Char => "int8",
        ScalarType.Short => "int16",
        ScalarType.Int => "int32",
        ScalarType.Long => "int64",
        ScalarType.Half => "float16",
        ScalarType.Float => "float32",
        ScalarType.Double => "float64",
        ScalarType.ComplexHalf => "complex32",
        ScalarType.ComplexFloat => "complex64",
        ScalarType.ComplexDouble => "complex128",
        ScalarType.Bool => "bool",
        ScalarType.QInt8 => "qint8",
        ScalarType.QUInt8 => "quint8",
        ScalarType.QInt32 => "qint32",
        ScalarType.BFloat16 => "bfloat16",
        ScalarType.QUInt4x2 => "quint4x2",
        ScalarType.QUInt2x4 => "quint2x4",
        ScalarType.Bits16 => "bits16",
        ScalarType.Float8E5M2 => "float8_e5m2",
        ScalarType.Float8E4M3Fn => "float8_e4m3fn",
        ScalarType.Float8E5M2Fnuz => "float8_e5m2fnuz",
        ScalarType.Float8E4M3Fnuz => "float8_e4m3fnuz",
        ScalarType.UInt16 => "uint16",
        ScalarType.UInt32 => "uint32",
        ScalarType.UInt64 => "uint64",
        _ => $"scalar_type_{(int)type}",
    };
}
