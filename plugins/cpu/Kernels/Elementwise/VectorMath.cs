using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Transcendental functions over a rung's vectors, to about 2 units in the last place, with the limits of IEEE 754.</summary>
/// <remarks>The coefficients interpolate each function at Chebyshev nodes of the interval that the comment names.</remarks>
internal static class VectorMath<TIsa, TVec>
    where TIsa : IIsa<TVec>
    where TVec : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Abs(TVec x) => TIsa.And(x, TIsa.SetBits(0x7FFFFFFF));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Negate(TVec x) => TIsa.Xor(x, TIsa.SetBits(int.MinValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec CopySign(TVec magnitude, TVec sign) => TIsa.Or(magnitude, TIsa.And(sign, TIsa.SetBits(int.MinValue)));

    /// <summary>Splits x into n ln 2 + r, |r| at most ln 2 / 2, and returns n, r and e^r - 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec ExpReduced(TVec x, out TVec n)
    {
        n = TIsa.Round(TIsa.Multiply(x, TIsa.Set(1.44269504f)));
        var r = TIsa.MultiplyAdd(n, TIsa.Set(-6.931457520e-01f), x);
        r = TIsa.MultiplyAdd(n, TIsa.Set(-1.428606765e-06f), r);
        var p = TIsa.MultiplyAdd(r, TIsa.Set(1.989198063e-04f), TIsa.Set(1.393454149e-03f));
        p = TIsa.MultiplyAdd(p, r, TIsa.Set(8.333310485e-03f));
        p = TIsa.MultiplyAdd(p, r, TIsa.Set(4.166645557e-02f));
        p = TIsa.MultiplyAdd(p, r, TIsa.Set(1.666666716e-01f));
        p = TIsa.MultiplyAdd(p, r, TIsa.Set(0.5f));
        return TIsa.MultiplyAdd(TIsa.Multiply(p, r), r, r);
    }

    /// <summary>2^n for integral n from -126 to 127.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec PowerOfTwo(TVec n) => TIsa.ShiftLeftBits(TIsa.AddBits(TIsa.ToBits(n), TIsa.SetBits(127)), 23);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Exp(TVec x)
    {
        // Beyond these bounds the result is 0 or infinity; clamping keeps n in range and NaN as it is.
        x = TIsa.MaxKeep(TIsa.Set(-104f), TIsa.MinKeep(TIsa.Set(89f), x));
        var p = TIsa.Add(ExpReduced(x, out var n), TIsa.Set(1f));

        // 2^n in two factors, for n = 128 and for results that are subnormal.
        var half = TIsa.Floor(TIsa.Multiply(n, TIsa.Set(0.5f)));
        return TIsa.Multiply(TIsa.Multiply(p, PowerOfTwo(half)), PowerOfTwo(TIsa.Subtract(n, half)));
    }

    /// <summary>e^x for x at most 0, with results below 2^-126 flushed to 0: what softmax and sigmoid need.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec ExpOfNegative(TVec x)
    {
        var clamped = TIsa.MaxKeep(TIsa.Set(-87.3f), x);
        var p = TIsa.Add(ExpReduced(clamped, out var n), TIsa.Set(1f));
        return TIsa.Select(TIsa.LessThan(x, TIsa.Set(-87.3f)), TIsa.Set(0f), TIsa.Multiply(p, PowerOfTwo(n)));
    }

    /// <summary>e^x - 1 for x at most 88.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec ExpMinusOne(TVec x)
    {
        x = TIsa.MaxKeep(TIsa.Set(-87f), TIsa.MinKeep(TIsa.Set(88f), x));
        var p = ExpReduced(x, out var n);
        var scale = PowerOfTwo(n);
        return TIsa.MultiplyAdd(p, scale, TIsa.Subtract(scale, TIsa.Set(1f)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Log(TVec x)
    {
        var one = TIsa.Set(1f);
        var isSmall = TIsa.LessThan(x, TIsa.Set(1.17549435e-38f));
        var scaled = TIsa.Select(isSmall, TIsa.Multiply(x, TIsa.Set(8388608f)), x);

        // The mantissa in [sqrt(1/2), sqrt(2)): subtracting the bits of sqrt(1/2) before cutting the exponent off does both at once.
        var shifted = TIsa.SubtractBits(scaled, TIsa.SetBits(0x3F3504F3));
        var exponent = TIsa.FromBits(SignExtendExponent(shifted));
        exponent = TIsa.Subtract(exponent, TIsa.Select(isSmall, TIsa.Set(23f), TIsa.Set(0f)));
        var mantissa = TIsa.AddBits(TIsa.And(shifted, TIsa.SetBits(0x007FFFFF)), TIsa.SetBits(0x3F3504F3));
        var f = TIsa.Subtract(mantissa, one);

        // log(1 + f) = f - f^2/2 + f^3 P(f) on [sqrt(1/2) - 1, sqrt(2) - 1].
        var p = TIsa.MultiplyAdd(f, TIsa.Set(6.971611828e-02f), TIsa.Set(-1.147973388e-01f));
        p = TIsa.MultiplyAdd(p, f, TIsa.Set(1.168541983e-01f));
        p = TIsa.MultiplyAdd(p, f, TIsa.Set(-1.242568716e-01f));
        p = TIsa.MultiplyAdd(p, f, TIsa.Set(1.424905807e-01f));
        p = TIsa.MultiplyAdd(p, f, TIsa.Set(-1.666780263e-01f));
        p = TIsa.MultiplyAdd(p, f, TIsa.Set(2.000071555e-01f));
        p = TIsa.MultiplyAdd(p, f, TIsa.Set(-2.499999702e-01f));
        p = TIsa.MultiplyAdd(p, f, TIsa.Set(3.333333135e-01f));
        var square = TIsa.Multiply(f, f);
        var tail = TIsa.Multiply(TIsa.Multiply(p, f), square);
        tail = TIsa.MultiplyAdd(exponent, TIsa.Set(1.428606765e-06f), tail);
        tail = TIsa.MultiplyAdd(square, TIsa.Set(-0.5f), tail);
        var result = TIsa.MultiplyAdd(exponent, TIsa.Set(6.931457520e-01f), TIsa.Add(f, tail));

        // Infinity and NaN pass through x itself, 0 gives -infinity, a negative number NaN.
        result = TIsa.Select(TIsa.LessThan(x, TIsa.Set(float.PositiveInfinity)), result, x);
        result = TIsa.Select(TIsa.LessThan(Abs(x), TIsa.Set(float.Epsilon)), TIsa.Set(float.NegativeInfinity), result);
        return TIsa.Select(TIsa.LessThan(x, TIsa.Set(0f)), TIsa.Set(float.NaN), result);
    }

    /// <summary>Bits 23 to 31 as a signed integer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec SignExtendExponent(TVec bits) =>
        TIsa.SubtractBits(TIsa.Xor(TIsa.ShiftRightBits(bits, 23), TIsa.SetBits(0x100)), TIsa.SetBits(0x100));

    /// <summary>sin(x), or cos(x) with <paramref name="quarterTurns"/> 1; |x| at most <see cref="TrigonometricLimit"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Sin(TVec x, int quarterTurns)
    {
        var n = TIsa.Round(TIsa.Multiply(x, TIsa.Set(0.636619772f)));

        // Four parts of pi/2 with 10 significant bits each: products with n are exact without fused multiply-add.
        var r = TIsa.MultiplyAdd(n, TIsa.Set(-1.570312500000e+00f), x);
        r = TIsa.MultiplyAdd(n, TIsa.Set(-4.835128784180e-04f), r);
        r = TIsa.MultiplyAdd(n, TIsa.Set(-3.138557076454e-07f), r);
        r = TIsa.MultiplyAdd(n, TIsa.Set(-6.077100628277e-11f), r);
        var quadrant = TIsa.AddBits(TIsa.ToBits(n), TIsa.SetBits(quarterTurns));
        var z = TIsa.Multiply(r, r);

        var s = TIsa.MultiplyAdd(z, TIsa.Set(2.724378191e-06f), TIsa.Set(-1.984003902e-04f));
        s = TIsa.MultiplyAdd(s, z, TIsa.Set(8.333331905e-03f));
        s = TIsa.MultiplyAdd(s, z, TIsa.Set(-1.666666716e-01f));
        s = TIsa.MultiplyAdd(TIsa.Multiply(s, z), r, r);

        var c = TIsa.MultiplyAdd(z, TIsa.Set(-2.729583173e-07f), TIsa.Set(2.480055991e-05f));
        c = TIsa.MultiplyAdd(c, z, TIsa.Set(-1.388888806e-03f));
        c = TIsa.MultiplyAdd(c, z, TIsa.Set(4.166666791e-02f));
        c = TIsa.MultiplyAdd(c, z, TIsa.Set(-0.5f));
        c = TIsa.MultiplyAdd(c, z, TIsa.Set(1f));

        // Odd quadrants take the cosine (an all-ones mask from bit 0), quadrants 2 and 3 the other sign.
        var isOdd = TIsa.SubtractBits(TIsa.SetBits(0), TIsa.And(quadrant, TIsa.SetBits(1)));
        var sign = TIsa.ShiftLeftBits(TIsa.And(quadrant, TIsa.SetBits(2)), 30);
        return TIsa.Xor(TIsa.Select(isOdd, c, s), sign);
    }

    /// <summary>Greatest |x| that <see cref="Sin"/> reduces without losing accuracy.</summary>
    public const float TrigonometricLimit = 8192f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Tanh(TVec x)
    {
        // tanh rounds to 1 from 9.02 on.
        var e = ExpMinusOne(TIsa.MinKeep(TIsa.Set(18.2f), TIsa.Multiply(Abs(x), TIsa.Set(2f))));
        return CopySign(Abs(TIsa.Divide(e, TIsa.Add(e, TIsa.Set(2f)))), x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Sigmoid(TVec x)
    {
        // From e^-|x|, which never overflows; the mirror image for positive x.
        var e = ExpOfNegative(Negate(Abs(x)));
        var numerator = TIsa.Select(TIsa.LessThan(x, TIsa.Set(0f)), e, TIsa.Set(1f));
        return TIsa.Divide(numerator, TIsa.Add(e, TIsa.Set(1f)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Erf(TVec x)
    {
        var t = Abs(x);

        // erf(x) / x as a polynomial of x^2 on [0, 0.927].
        var z = TIsa.Multiply(x, x);
        var s = TIsa.MultiplyAdd(z, TIsa.Set(8.351897122e-05f), TIsa.Set(-8.138792473e-04f));
        s = TIsa.MultiplyAdd(s, z, TIsa.Set(5.200729705e-03f));
        s = TIsa.MultiplyAdd(s, z, TIsa.Set(-2.685929649e-02f));
        s = TIsa.MultiplyAdd(s, z, TIsa.Set(1.128369421e-01f));
        s = TIsa.MultiplyAdd(s, z, TIsa.Set(-3.761263490e-01f));
        s = TIsa.MultiplyAdd(s, z, TIsa.Set(1.128379226e+00f));
        s = TIsa.Multiply(s, x);

        // log(1 - erf(x)) as a polynomial of x on [0.92, 3.95]; erf rounds to 1 beyond.
        var u = TIsa.MinKeep(TIsa.Set(3.95f), t);
        var q = TIsa.MultiplyAdd(u, TIsa.Set(1.660596354e-06f), TIsa.Set(-4.649336188e-05f));
        q = TIsa.MultiplyAdd(q, u, TIsa.Set(6.002250011e-04f));
        q = TIsa.MultiplyAdd(q, u, TIsa.Set(-4.774377681e-03f));
        q = TIsa.MultiplyAdd(q, u, TIsa.Set(2.645941451e-02f));
        q = TIsa.MultiplyAdd(q, u, TIsa.Set(-1.101405621e-01f));
        q = TIsa.MultiplyAdd(q, u, TIsa.Set(-6.317695379e-01f));
        q = TIsa.MultiplyAdd(q, u, TIsa.Set(-1.130261779e+00f));
        q = TIsa.MultiplyAdd(q, u, TIsa.Set(3.259053628e-04f));
        var large = CopySign(TIsa.Subtract(TIsa.Set(1f), ExpOfNegative(q)), x);
        return TIsa.Select(TIsa.LessThan(t, TIsa.Set(0.927f)), s, large);
    }

    /// <summary>To the nearest half precision number, half to even, still as a float: overflow becomes infinity, NaN stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec RoundToHalf(TVec x)
    {
        var magnitude = Abs(x);
        var odd = TIsa.And(TIsa.ShiftRightBits(magnitude, 13), TIsa.SetBits(1));
        var normal = TIsa.And(TIsa.AddBits(TIsa.AddBits(magnitude, TIsa.SetBits(0xFFF)), odd), TIsa.SetBits(unchecked((int)0xFFFFE000)));

        // A unit in the last place of 0.5 is the smallest half, 2^-24: adding and subtracting 0.5 rounds to it.
        var subnormal = TIsa.Subtract(TIsa.Add(magnitude, TIsa.Set(0.5f)), TIsa.Set(0.5f));
        var rounded = TIsa.Select(TIsa.LessThan(magnitude, TIsa.Set(6.103515625e-05f)), subnormal, normal);
        var limited = TIsa.Select(TIsa.LessThan(magnitude, TIsa.Set(65520f)), rounded, TIsa.Set(float.PositiveInfinity));

        // NaN compares less than nothing, so it is told apart by its bits.
        var isNumber = TIsa.LessThan(magnitude, TIsa.Set(float.PositiveInfinity));
        return TIsa.Select(isNumber, CopySign(limited, x), x);
    }

    /// <summary>To the nearest bfloat16 number, half to even, still as a float: overflow becomes infinity, NaN stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec RoundToBFloat16(TVec x)
    {
        var magnitude = Abs(x);
        var odd = TIsa.And(TIsa.ShiftRightBits(magnitude, 16), TIsa.SetBits(1));
        var rounded = TIsa.And(TIsa.AddBits(TIsa.AddBits(magnitude, TIsa.SetBits(0x7FFF)), odd), TIsa.SetBits(unchecked((int)0xFFFF0000)));
        return TIsa.Select(TIsa.LessThan(magnitude, TIsa.Set(float.PositiveInfinity)), CopySign(rounded, x), x);
    }
}
