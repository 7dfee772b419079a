namespace Tandem.Host.Import.Symbols;

/// <summary>A range of integers; <see cref="long.MinValue"/> and <see cref="long.MaxValue"/> stand for no bound. Arithmetic saturates.</summary>
internal readonly record struct SymbolicRange(long Minimum, long Maximum)
{
    /// <summary>All integers.</summary>
    internal static SymbolicRange All { get; } = new(long.MinValue, long.MaxValue);

    /// <summary>One integer.</summary>
    internal static SymbolicRange Of(long value) => new(value, value);

    /// <summary>What both allow; empty (Minimum over Maximum) if they exclude each other.</summary>
    internal SymbolicRange Intersect(SymbolicRange other) => new(Math.Max(Minimum, other.Minimum), Math.Min(Maximum, other.Maximum));

    public static SymbolicRange operator +(SymbolicRange left, SymbolicRange right) =>
        new(Add(left.Minimum, right.Minimum), Add(left.Maximum, right.Maximum));

    public static SymbolicRange operator *(SymbolicRange left, SymbolicRange right) => Corners(left, right, Multiply);

    /// <summary>Floor division; nothing is known where the divisor may be zero.</summary>
    internal SymbolicRange FloorDivide(SymbolicRange divisor) =>
        divisor.Minimum <= 0 && divisor.Maximum >= 0 ? All : Corners(this, divisor, Floor);

    /// <summary>Division rounded up.</summary>
    internal SymbolicRange CeilDivide(SymbolicRange divisor)
    {
        var negated = (this * Of(-1)).FloorDivide(divisor);
        return negated * Of(-1);
    }

    /// <summary>Python's remainder, which has the sign of the divisor.</summary>
    internal SymbolicRange Modulo(SymbolicRange divisor)
    {
        if (divisor.Minimum <= 0)
        {
            return All;
        }

        return Minimum >= 0 && Maximum < divisor.Minimum ? this : new(0, divisor.Maximum == long.MaxValue ? Math.Max(Maximum, 0) : divisor.Maximum - 1);
    }

    /// <summary>The greatest of two.</summary>
    internal SymbolicRange Max(SymbolicRange other) => new(Math.Max(Minimum, other.Minimum), Math.Max(Maximum, other.Maximum));

    /// <summary>The least of two.</summary>
    internal SymbolicRange Min(SymbolicRange other) => new(Math.Min(Minimum, other.Minimum), Math.Min(Maximum, other.Maximum));

    /// <summary>A power with a constant exponent of 0 or more.</summary>
    internal SymbolicRange Power(int exponent)
    {
        var result = Of(1);
        for (var i = 0; i < exponent; i++)
        {
            result *= this;
        }

        return exponent % 2 == 0 ? result with { Minimum = Math.Max(result.Minimum, 0) } : result;
    }

    private static SymbolicRange Corners(SymbolicRange left, SymbolicRange right, Func<long, long, long> function)
    {
        var (a, b) = (function(left.Minimum, right.Minimum), function(left.Minimum, right.Maximum));
        var (c, d) = (function(left.Maximum, right.Minimum), function(left.Maximum, right.Maximum));
        return new(Math.Min(Math.Min(a, b), Math.Min(c, d)), Math.Max(Math.Max(a, b), Math.Max(c, d)));
    }

    private static bool IsInfinite(long value) => value is long.MinValue or long.MaxValue;

    private static long Add(long left, long right) => IsInfinite(left) ? left : IsInfinite(right) ? right : Saturate((Int128)left + right);

    private static long Multiply(long left, long right)
    {
        if (left == 0 || right == 0)
        {
            return 0;
        }

        return IsInfinite(left) || IsInfinite(right) ? (left < 0) == (right < 0) ? long.MaxValue : long.MinValue : Saturate((Int128)left * right);
    }

    private static long Floor(long left, long right)
    {
        if (IsInfinite(right))
        {
            // A finite number over an endless one comes as near to zero as can be, from its side.
            return left == 0 || (left < 0) == (right < 0) ? IsInfinite(left) ? long.MaxValue : 0 : IsInfinite(left) ? long.MinValue : -1;
        }

        if (IsInfinite(left))
        {
            return (left < 0) == (right < 0) ? long.MaxValue : long.MinValue;
        }

        return Saturate(Int128FloorDivide(left, right));
    }

    private static Int128 Int128FloorDivide(Int128 left, Int128 right)
    {
        var quotient = left / right;
        return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
    }

    private static long Saturate(Int128 value) => value >= long.MaxValue ? long.MaxValue : value <= long.MinValue ? long.MinValue : (long)value;
}
