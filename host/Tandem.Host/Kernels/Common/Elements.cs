using Tandem.Sdk;

namespace Tandem.Host.Kernels.Common;

/// <summary>Reads and writes single elements of any dtype as double or long: the general path of every pointwise kernel.</summary>
/// <remarks>
/// Floats to integers as PyTorch on x86: truncated; NaN and what does not fit give the least value of the register (32 or 64 bits), narrower types
/// wrap. Doubles to narrower floats round once, half to even.
/// </remarks>
internal static unsafe class Elements
{
    internal static double LoadDouble(byte* at, ScalarType type) => type switch
    {
        ScalarType.Float => *(float*)at,
        ScalarType.Double => *(double*)at,
        ScalarType.Half => (double)*(Half*)at,
        ScalarType.BFloat16 => (float)*(BFloat16*)at,
        ScalarType.UInt64 => *(ulong*)at,
        _ => LoadLong(at, type),
    };

    internal static long LoadLong(byte* at, ScalarType type) => type switch
    {
        ScalarType.Long => *(long*)at,
        ScalarType.Int => *(int*)at,
        ScalarType.Bool => *at != 0 ? 1 : 0,
        ScalarType.Byte => *at,
        ScalarType.Char => *(sbyte*)at,
        ScalarType.Short => *(short*)at,
        ScalarType.UInt16 or ScalarType.Bits16 => *(ushort*)at,
        ScalarType.UInt32 => *(uint*)at,
        ScalarType.UInt64 => (long)*(ulong*)at,
        ScalarType.QInt8 => *(sbyte*)at,
        ScalarType.QUInt8 => *at,
        ScalarType.QInt32 => *(int*)at,
        ScalarType.Float => ToLong(*(float*)at),
        ScalarType.Double => ToLong(*(double*)at),
        ScalarType.Half => ToLong((double)*(Half*)at),
        ScalarType.BFloat16 => ToLong((float)*(BFloat16*)at),
        _ => throw NotSupported(type),
    };

    internal static void Store(byte* at, ScalarType type, double value)
    {
        switch (type)
        {
            case ScalarType.Float: *(float*)at = (float)value; break;
            case ScalarType.Double: *(double*)at = value; break;
            case ScalarType.Half: *(Half*)at = (Half)value; break;
            case ScalarType.BFloat16: *(BFloat16*)at = ToBFloat16(value); break;
            case ScalarType.Bool: *at = value != 0 ? (byte)1 : (byte)0; break;
            case ScalarType.Int: *(int*)at = ToInt(value); break;
            case ScalarType.UInt64: *(ulong*)at = value >= 9223372036854775808.0 ? (ulong)ToLong(value - 9223372036854775808.0) ^ (1UL << 63) : (ulong)ToLong(value); break;
            default: Store(at, type, ToLong(value)); break;
        }
    }

    internal static void Store(byte* at, ScalarType type, long value)
    {
        switch (type)
        {
            case ScalarType.Long: *(long*)at = value; break;
            case ScalarType.Int or ScalarType.QInt32: *(int*)at = (int)value; break;
            case ScalarType.Bool: *at = value != 0 ? (byte)1 : (byte)0; break;
            case ScalarType.Byte or ScalarType.QUInt8: *at = (byte)value; break;
            case ScalarType.Char or ScalarType.QInt8: *(sbyte*)at = (sbyte)value; break;
            case ScalarType.Short: *(short*)at = (short)value; break;
            case ScalarType.UInt16 or ScalarType.Bits16: *(ushort*)at = (ushort)value; break;
            case ScalarType.UInt32: *(uint*)at = (uint)value; break;
            case ScalarType.UInt64: *(ulong*)at = (ulong)value; break;
            case ScalarType.Float: *(float*)at = value; break;
            case ScalarType.Double: *(double*)at = value; break;
            case ScalarType.Half: *(Half*)at = (Half)(double)value; break;
            case ScalarType.BFloat16: *(BFloat16*)at = ToBFloat16(value); break;
            default: throw NotSupported(type);
        }
    }

    /// <summary>Rounds a value to what a dtype holds, as PyTorch does with a plain number before it meets a tensor.</summary>
    internal static double RoundTo(double value, ScalarType type) => type switch
    {
        ScalarType.Float => (float)value,
        ScalarType.Half => (double)(Half)value,
        ScalarType.BFloat16 => (float)(BFloat16)(float)value,
        _ => value,
    };

    internal static long ToLong(double value) => value is >= -9223372036854775808.0 and < 9223372036854775808.0 ? (long)value : long.MinValue;

    internal static TandemException NotSupported(ScalarType type) => new(ErrorCode.OperatorTypeNotSupported, "the operator does not support this dtype",
        new ErrorDetails { Found = type.TorchName() });

    private static int ToInt(double value) => value is > -2147483649.0 and < 2147483648.0 ? (int)value : int.MinValue;

    // By way of float would round twice; odd rounding of the float keeps the sticky bit.
    private static BFloat16 ToBFloat16(double value)
    {
        var narrow = (float)value;
        if (narrow == value || !float.IsFinite(narrow))
        {
            return (BFloat16)narrow;
        }

        var bits = BitConverter.SingleToUInt32Bits(narrow);
        if ((bits & 1) == 0)
        {
            bits = Math.Abs(value) > Math.Abs((double)narrow) ? bits | 1 : bits - 1;
        }

        return (BFloat16)BitConverter.UInt32BitsToSingle(bits);
    }
}
