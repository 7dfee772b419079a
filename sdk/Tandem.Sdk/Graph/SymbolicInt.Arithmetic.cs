namespace Tandem.Sdk;

/// <content>Arithmetic: results are numbers where they can be, and expressions in one notation otherwise, with the range that follows.</content>
public sealed partial record SymbolicInt
{
    private const int MaxExpressionLength = 4096;

    /// <summary>Sum.</summary>
    /// <param name="left">First term.</param>
    /// <param name="right">Second term.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: an overflow, or an expression that cannot be read.</exception>
    public static SymbolicInt operator +(SymbolicInt left, SymbolicInt right) => Combine(left, right, '+',
        static (a, b) => SymbolicPolynomial.Add(a, b), Plus(left.Minimum, right.Minimum), Plus(left.Maximum, right.Maximum));

    /// <summary>Difference.</summary>
    /// <param name="left">From this.</param>
    /// <param name="right">This is taken away.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: an overflow, or an expression that cannot be read.</exception>
    public static SymbolicInt operator -(SymbolicInt left, SymbolicInt right) => Combine(left, right, '-',
        static (a, b) => SymbolicPolynomial.Add(a, b, -1), Plus(left.Minimum, Negative(right.Maximum)), Plus(left.Maximum, Negative(right.Minimum)));

    /// <summary>Product.</summary>
    /// <param name="left">First factor.</param>
    /// <param name="right">Second factor.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: an overflow, or an expression that cannot be read.</exception>
    public static SymbolicInt operator *(SymbolicInt left, SymbolicInt right)
    {
        var (minimum, maximum) = Corners(left, right, Times);
        return Combine(left, right, '*', SymbolicPolynomial.Multiply, minimum, maximum);
    }

    /// <summary>Quotient, rounded down.</summary>
    /// <param name="left">Dividend.</param>
    /// <param name="right">Divisor; its range is positive.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: a divisor that may be zero or negative, or an expression that cannot be read.</exception>
    public static SymbolicInt operator /(SymbolicInt left, SymbolicInt right)
    {
        CheckDivisor(right);
        var (minimum, maximum) = Corners(left, right, Quotient);
        return Combine(left, right, '/', SymbolicPolynomial.FloorDivide, minimum, maximum);
    }

    /// <summary>What a division that rounds down leaves: 0 or more.</summary>
    /// <param name="left">Dividend.</param>
    /// <param name="right">Divisor; its range is positive.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: a divisor that may be zero or negative, or an expression that cannot be read.</exception>
    public static SymbolicInt operator %(SymbolicInt left, SymbolicInt right)
    {
        CheckDivisor(right);
        var greatest = right.IsBounded ? right.Maximum - 1 : long.MaxValue;
        return Combine(left, right, '%', SymbolicPolynomial.Remainder, 0, left.Minimum >= 0 ? Math.Min(greatest, left.Maximum) : greatest);
    }

    /// <summary>The lesser of two.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>One of them where their difference decides it, else an expression.</returns>
    public static SymbolicInt Min(SymbolicInt left, SymbolicInt right) => Difference(left, right) is { } difference ? (difference <= 0 ? left : right)
        : Combine(left, right, 'm', static (a, b) => SymbolicPolynomial.Extreme("Min", [a, b]),
            Math.Min(left.Minimum, right.Minimum), Math.Min(left.Maximum, right.Maximum));

    /// <summary>The greater of two.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>One of them where their difference decides it, else an expression.</returns>
    public static SymbolicInt Max(SymbolicInt left, SymbolicInt right) => Difference(left, right) is { } difference ? (difference >= 0 ? left : right)
        : Combine(left, right, 'M', static (a, b) => SymbolicPolynomial.Extreme("Max", [a, b]),
            Math.Max(left.Minimum, right.Minimum), Math.Max(left.Maximum, right.Maximum));

    /// <summary>Whether two values are the same at every run, as far as their expressions tell.</summary>
    /// <param name="other">The other.</param>
    /// <returns>True for equal numbers and for expressions that are equal once simplified.</returns>
    public bool IsSameAs(SymbolicInt other) => ReferenceEquals(this, other) || (IsConstant && other.IsConstant ? Minimum == other.Minimum
        : !IsConstant && !other.IsConstant && (Expression == other.Expression || Parsed().ToString() == other.Parsed().ToString()));

    internal SymbolicPolynomial Parsed() => Expression is null ? SymbolicPolynomial.FromConstant(Minimum) : SymbolicPolynomial.Parse(Expression);

    private static SymbolicInt Combine(SymbolicInt left, SymbolicInt right, char operation, Func<SymbolicPolynomial, SymbolicPolynomial, SymbolicPolynomial> combine,
        long minimum, long maximum)
    {
        try
        {
            var result = combine(left.Parsed(), right.Parsed());
            if (result.Constant is { } value)
            {
                return value;
            }

            // An expression that came out as one of its operands keeps that operand's range, which is the narrower one.
            var text = result.ToString();
            if (text.Length > MaxExpressionLength)
            {
                throw new TandemException(ErrorCode.ArgumentInvalid, "a symbolic expression is too long",
                    new ErrorDetails { Expected = $"at most {MaxExpressionLength} characters", Found = $"{text.Length}" });
            }

            return text == left.Expression ? left : text == right.Expression ? right
                : minimum == maximum && minimum is not (long.MinValue or long.MaxValue) ? minimum : new SymbolicInt(text, minimum, maximum);
        }
        catch (OverflowException error)
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "symbolic arithmetic overflows",
                new ErrorDetails { Expected = "results within 64 bits", Found = $"{left} {operation} {right}" }, error);
        }
    }

    // A number with the sign of left - right, where that is the same for all values.
    private static long? Difference(SymbolicInt left, SymbolicInt right) => left.Maximum <= right.Minimum ? -1 : left.Minimum >= right.Maximum ? 1
        : left.IsConstant || right.IsConstant ? null : (left - right) switch
        {
            { Maximum: <= 0 } => -1,
            { Minimum: >= 0 } => 1,
            _ => null,
        };

    private static void CheckDivisor(SymbolicInt divisor)
    {
        if (divisor.Minimum <= 0)
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "a divisor may be zero or negative", new ErrorDetails { Expected = "1 or more", Found = divisor.ToString() });
        }
    }

    private static (long Minimum, long Maximum) Corners(SymbolicInt left, SymbolicInt right, Func<long, long, long> operation)
    {
        ReadOnlySpan<long> corners =
        [
            operation(left.Minimum, right.Minimum), operation(left.Minimum, right.Maximum),
            operation(left.Maximum, right.Minimum), operation(left.Maximum, right.Maximum),
        ];
        var (minimum, maximum) = (corners[0], corners[0]);
        foreach (var corner in corners)
        {
            (minimum, maximum) = (Math.Min(minimum, corner), Math.Max(maximum, corner));
        }

        return (minimum, maximum);
    }

    // The ends of the range of long stand for "no bound", and stay that.
    private static long Plus(long left, long right) => left == long.MaxValue || right == long.MaxValue ? long.MaxValue
        : left == long.MinValue || right == long.MinValue ? long.MinValue : Saturate((Int128)left + right);

    private static long Negative(long value) => value switch { long.MaxValue => long.MinValue, long.MinValue => long.MaxValue, _ => -value };

    private static long Times(long left, long right) => left == 0 || right == 0 ? 0 : Saturate((Int128)left * right);

    private static long Quotient(long left, long right) => left is long.MaxValue or long.MinValue ? left
        : right == long.MaxValue ? (left < 0 ? -1 : 0)
        : (left / right) - (left % right < 0 ? 1 : 0);

    private static long Saturate(Int128 value) => value >= long.MaxValue ? long.MaxValue : value <= long.MinValue ? long.MinValue : (long)value;
}
