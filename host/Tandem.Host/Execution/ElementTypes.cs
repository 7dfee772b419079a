using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>Which .NET types hold the elements of which tensors.</summary>
internal static class ElementTypes
{
    internal static bool Matches<T>(ScalarType type) => type switch
    {
        ScalarType.Byte or ScalarType.QUInt8 or ScalarType.QUInt4x2 or ScalarType.QUInt2x4 => typeof(T) == typeof(byte),
        ScalarType.Char or ScalarType.QInt8 => typeof(T) == typeof(sbyte),
        ScalarType.Short => typeof(T) == typeof(short),
        ScalarType.Int or ScalarType.QInt32 => typeof(T) == typeof(int),
        ScalarType.Long => typeof(T) == typeof(long),
        ScalarType.Half => typeof(T) == typeof(Half),
        ScalarType.BFloat16 => typeof(T) == typeof(BFloat16),
        ScalarType.Float => typeof(T) == typeof(float),
        ScalarType.Double => typeof(T) == typeof(double),
        ScalarType.Bool => typeof(T) == typeof(bool) || typeof(T) == typeof(byte),
        ScalarType.UInt16 => typeof(T) == typeof(ushort),
        ScalarType.UInt32 => typeof(T) == typeof(uint),
        ScalarType.UInt64 => typeof(T) == typeof(ulong),
        _ => true,
    };
}
