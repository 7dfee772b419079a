using System.Runtime.CompilerServices;

namespace Tandem.Sdk;

/// <summary>Brain float: the upper 16 bits of an IEEE 32 bit float. Conversion from float rounds half to even, as PyTorch does.</summary>
/// <param name="Bits">The stored 16 bits.</param>
public readonly record struct BFloat16(ushort Bits)
{
    /// <summary>Widens without loss.</summary>
    /// <param name="value">The value.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static explicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value.Bits << 16);

    /// <summary>Rounds half to even; every NaN becomes the quiet NaN 0x7FC0.</summary>
    /// <param name="value">The value.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static explicit operator BFloat16(float value)
    {
        if (float.IsNaN(value))
        {
            return new BFloat16(0x7FC0);
        }

        var bits = BitConverter.SingleToUInt32Bits(value);
        return new BFloat16((ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }
}
