using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>float16 to float32, exactly; subnormals, infinities and NaN included.</summary>
internal static unsafe class HalfConversion
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToSingle(Half* source, float* destination, nint count)
    {
        nint i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; i + 8 <= count; i += 8)
            {
                var (low, high) = Vector128.Widen(Vector128.Load((ushort*)source + i));
                Widen(low).Store(destination + i);
                Widen(high).Store(destination + i + 4);
            }
        }

        for (; i < count; i++)
        {
            destination[i] = (float)source[i];
        }
    }

    /// <summary>Whether there is neither an infinity nor a NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool IsFinite(Half* values, nint count)
    {
        nint i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            var highest = Vector128.Create((ushort)0x7C00);
            var found = Vector128<ushort>.Zero;
            for (; i + 8 <= count; i += 8)
            {
                found |= Vector128.Equals(Vector128.Load((ushort*)values + i) & highest, highest);
            }

            if (found != Vector128<ushort>.Zero)
            {
                return false;
            }
        }

        for (; i < count; i++)
        {
            if (!Half.IsFinite(values[i]))
            {
                return false;
            }
        }

        return true;
    }

    // The exponent field moved into place is 112 too low; the multiplication mends it and makes subnormals normal.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Widen(Vector128<uint> half)
    {
        var sign = Vector128.ShiftLeft(half & Vector128.Create(0x8000u), 16);
        var magnitude = Vector128.ShiftLeft(half & Vector128.Create(0x7FFFu), 13);
        var scaled = (magnitude.AsSingle() * Vector128.Create(0x77800000u).AsSingle()).AsUInt32();
        var special = Vector128.GreaterThan(magnitude.AsInt32(), Vector128.Create(0x0F7FFFFF)).AsUInt32();
        scaled = Vector128.ConditionalSelect(special, magnitude | Vector128.Create(0x7F800000u), scaled);
        return (scaled | sign).AsSingle();
    }
}
