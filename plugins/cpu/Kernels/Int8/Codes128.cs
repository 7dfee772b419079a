using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// The steps between numbers and codes in 128 bits of any CPU, one instruction each on ARM64 where it has one. Results are those of the scalar kernels,
/// bit for bit.
/// </summary>
internal static unsafe class Codes128
{
    /// <summary>Limits to [low, high]; NaN becomes <paramref name="high"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Limit(Vector128<float> x, Vector128<float> low, Vector128<float> high)
    {
        if (AdvSimd.Arm64.IsSupported)
        {
            // FMINNM gives the number where the other operand is NaN; FMIN would give NaN.
            return AdvSimd.MaxNumber(AdvSimd.MinNumber(x, high), low);
        }

        x = Vector128.ConditionalSelect(Vector128.LessThan(x, high), x, high);
        return Vector128.ConditionalSelect(Vector128.GreaterThan(x, low), x, low);
    }

    /// <summary>To the nearest integer, half to even; lanes are within the range of integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Round(Vector128<float> x) =>
        AdvSimd.IsSupported ? AdvSimd.ConvertToInt32RoundToEven(x) : Vector128.ConvertToInt32(Vector128.Round(x));

    /// <summary>a * b + c in 32 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAdd(Vector128<int> a, Vector128<int> b, Vector128<int> c) => AdvSimd.IsSupported ? AdvSimd.MultiplyAdd(c, a, b) : (a * b) + c;

    /// <summary>The low bytes of sixteen integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Narrow(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d) =>
        Vector128.Narrow(Vector128.Narrow(a, b), Vector128.Narrow(c, d));

    /// <summary>Sixteen codes as 16-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<short> Low, Vector128<short> High) Widen(Vector128<byte> codes, bool isUnsigned)
    {
        if (isUnsigned)
        {
            return (Vector128.WidenLower(codes).AsInt16(), Vector128.WidenUpper(codes).AsInt16());
        }

        return (Vector128.WidenLower(codes.AsSByte()), Vector128.WidenUpper(codes.AsSByte()));
    }
}
