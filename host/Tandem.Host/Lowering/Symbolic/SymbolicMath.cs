using Tandem.Sdk;

namespace Tandem.Host.Lowering.Symbolic;

/// <summary>Arithmetic on sizes that may be symbolic. Results are written in one canonical notation, so that equal polynomials have equal text.</summary>
internal static class SymbolicMath
{
    public static SymbolicInt Add(SymbolicInt left, SymbolicInt right)
    {
        if (left.IsConstant && right.IsConstant)
        {
            return left.Value + right.Value;
        }

        return left is { IsConstant: true, Value: 0 } ? right : right is { IsConstant: true, Value: 0 } ? left
            : Make(Polynomial.Of(left).Plus(Polynomial.Of(right), 1), Sum(left.Minimum, right.Minimum), Sum(left.Maximum, right.Maximum));
    }

    public static SymbolicInt Subtract(SymbolicInt left, SymbolicInt right)
    {
        if (left.IsConstant && right.IsConstant)
        {
            return left.Value - right.Value;
        }

        var minimum = right.Maximum == long.MaxValue ? long.MinValue : left.Minimum - right.Maximum;
        var maximum = left.Maximum == long.MaxValue ? long.MaxValue : left.Maximum - right.Minimum;
        return right is { IsConstant: true, Value: 0 } ? left
            : Make(Polynomial.Of(left).Plus(Polynomial.Of(right), -1), minimum, maximum);
    }

    public static SymbolicInt Multiply(SymbolicInt left, SymbolicInt right)
    {
        if (left.IsConstant && right.IsConstant)
        {
            return left.Value * right.Value;
        }

        if (left.IsConstant)
        {
            (left, right) = (right, left);
        }

        if (right is { IsConstant: true, Value: 0 or 1 })
        {
            return right.Value == 0 ? 0 : left;
        }

        var (a, b, c, d) = (Product(left.Minimum, right.Minimum), Product(left.Minimum, right.Maximum), Product(left.Maximum, right.Minimum), Product(left.Maximum, right.Maximum));
        return Make(Polynomial.Of(left).Times(Polynomial.Of(right)), Math.Min(Math.Min(a, b), Math.Min(c, d)), Math.Max(Math.Max(a, b), Math.Max(c, d)));
    }

    public static SymbolicInt FloorDivide(SymbolicInt left, SymbolicInt right)
    {
        if (right is { IsConstant: true, Value: 1 })
        {
            return left;
        }

        if (left.IsConstant && right.IsConstant && right.Value != 0)
        {
            return Floor(left.Value, right.Value);
        }

        if (AreEqual(left, right))
        {
            return 1;
        }

        var polynomial = Polynomial.Of(left);
        if (right is { IsConstant: true, Value: > 0 } && polynomial.TryDivide(right.Value) is { } quotient)
        {
            return Make(quotient, Floor(left.Minimum, right.Value), left.IsBounded ? Floor(left.Maximum, right.Value) : long.MaxValue);
        }

        if (!right.IsConstant && polynomial.TryDivide(Polynomial.Of(right)) is { } ratio)
        {
            return Make(ratio, right.IsBounded && left.Minimum >= 0 ? Floor(left.Minimum, Math.Max(right.Maximum, 1)) : 0, left.IsBounded ? Floor(left.Maximum, Math.Max(right.Minimum, 1)) : long.MaxValue);
        }

        var least = Math.Max(right.Minimum, 1);
        var greatest = left.IsBounded ? Floor(left.Maximum, least) : long.MaxValue;
        return Make(Polynomial.Atom($"({Text(left)}//{Text(right)})"), left.Minimum >= 0 ? (right.IsBounded ? Floor(left.Minimum, Math.Max(right.Maximum, 1)) : 0) : Floor(left.Minimum, least), greatest);
    }

    public static SymbolicInt Max(SymbolicInt left, SymbolicInt right) => left.IsConstant && right.IsConstant ? Math.Max(left.Value, right.Value)
        : AreEqual(left, right) || left.Minimum >= right.Maximum ? left : right.Minimum >= left.Maximum ? right
        : Make(Polynomial.Atom($"Max({Text(left)}, {Text(right)})"), Math.Max(left.Minimum, right.Minimum), Math.Max(left.Maximum, right.Maximum));

    public static SymbolicInt Min(SymbolicInt left, SymbolicInt right) => left.IsConstant && right.IsConstant ? Math.Min(left.Value, right.Value)
        : AreEqual(left, right) || left.Maximum <= right.Minimum ? left : right.Maximum <= left.Minimum ? right
        : Make(Polynomial.Atom($"Min({Text(left)}, {Text(right)})"), Math.Min(left.Minimum, right.Minimum), Math.Min(left.Maximum, right.Maximum));

    /// <summary>The product of sizes.</summary>
    public static SymbolicInt Product(ReadOnlySpan<SymbolicInt> sizes)
    {
        SymbolicInt product = 1;
        foreach (var size in sizes)
        {
            product = Multiply(product, size);
        }

        return product;
    }

    /// <summary>Whether two sizes are certainly equal.</summary>
    public static bool AreEqual(SymbolicInt left, SymbolicInt right) => left.IsConstant || right.IsConstant
        ? left.IsConstant && right.IsConstant && left.Value == right.Value
        : left.Expression == right.Expression || Polynomial.Of(left).ToString() == Polynomial.Of(right).ToString();

    /// <summary>Whether two lists of sizes are certainly equal.</summary>
    public static bool AreEqual(ReadOnlySpan<SymbolicInt> left, ReadOnlySpan<SymbolicInt> right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        for (var i = 0; i < left.Length; i++)
        {
            if (!AreEqual(left[i], right[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static string Text(SymbolicInt value) => value.Expression ?? value.Value.ToString();

    private static SymbolicInt Make(Polynomial polynomial, long minimum, long maximum) => polynomial.IsConstant(out var number) ? number
        : SymbolicInt.Symbol(polynomial.ToString(), Math.Min(minimum, maximum), maximum);

    private static long Floor(long left, long right) => (left / right) - (left % right != 0 && (left < 0) != (right < 0) ? 1 : 0);

    private static long Sum(long left, long right) => left == long.MaxValue || right == long.MaxValue ? long.MaxValue
        : (long)Int128.Clamp((Int128)left + right, long.MinValue, long.MaxValue);

    private static long Product(long left, long right) => (left == long.MaxValue || right == long.MaxValue) && left > 0 && right > 0 ? long.MaxValue
        : (long)Int128.Clamp((Int128)left * right, long.MinValue, long.MaxValue);
}
