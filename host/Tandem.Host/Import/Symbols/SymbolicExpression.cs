using System.Collections.Immutable;
using System.Globalization;

namespace Tandem.Host.Import.Symbols;

/// <summary>An integer expression over symbols. Immutable; sums and products are flat, with like terms together, in one order.</summary>
internal abstract record SymbolicExpression
{
    private const int LeastPrecedence = 0;
    private const int QuotientPrecedence = 1;
    private const int ProductPrecedence = 2;
    private const int AtomPrecedence = 3;

    private protected SymbolicExpression()
    {
    }

    /// <summary>A number.</summary>
    internal sealed record Number(long Value) : SymbolicExpression;

    /// <summary>A symbol, and whether the exporter says that it is at least 1.</summary>
    internal sealed record Symbol(string Name, bool IsPositive) : SymbolicExpression;

    /// <summary>A sum: coefficients and terms that are no numbers and no sums, then a number.</summary>
    internal sealed record Sum(ImmutableArray<(long Coefficient, SymbolicExpression Term)> Terms, long Constant) : SymbolicExpression;

    /// <summary>A product of expressions that are no numbers and no products.</summary>
    internal sealed record Product(ImmutableArray<SymbolicExpression> Factors) : SymbolicExpression;

    /// <summary>A function of the exporter ("FloorDiv") with its arguments.</summary>
    internal sealed record Call(string Function, ImmutableArray<SymbolicExpression> Arguments) : SymbolicExpression;

    /// <summary>Adds expressions.</summary>
    /// <exception cref="OverflowException">A coefficient overflows.</exception>
    internal static SymbolicExpression Add(IEnumerable<SymbolicExpression> items)
    {
        var terms = new SortedDictionary<string, (long Coefficient, SymbolicExpression Term)>(StringComparer.Ordinal);
        long constant = 0;
        foreach (var item in items)
        {
            Collect(item, 1);
        }

        var kept = terms.Values.Where(term => term.Coefficient != 0).ToImmutableArray();
        return kept switch
        {
            [] => new Number(constant),
            [(1, var only)] when constant == 0 => only,
            _ => new Sum(kept, constant),
        };

        void Collect(SymbolicExpression item, long scale)
        {
            switch (item)
            {
                case Number number:
                    constant = checked(constant + (scale * number.Value));
                    break;
                case Sum sum:
                    constant = checked(constant + (scale * sum.Constant));
                    foreach (var (coefficient, term) in sum.Terms)
                    {
                        Collect(term, checked(scale * coefficient));
                    }

                    break;
                default:
                    var key = item.ToString();
                    terms[key] = (checked(terms.GetValueOrDefault(key).Coefficient + scale), item);
                    break;
            }
        }
    }

    /// <summary>Multiplies expressions; a number is multiplied into a sum, sums are not multiplied out.</summary>
    /// <exception cref="OverflowException">A coefficient overflows.</exception>
    internal static SymbolicExpression Multiply(IEnumerable<SymbolicExpression> items)
    {
        long coefficient = 1;
        var factors = new List<SymbolicExpression>();
        foreach (var item in items)
        {
            Collect(item);
        }

        if (coefficient == 0 || factors.Count == 0)
        {
            return new Number(coefficient);
        }

        factors.Sort(static (left, right) => string.CompareOrdinal(left.ToString(), right.ToString()));
        if (factors is [Sum sum])
        {
            return Scale(sum, coefficient);
        }

        SymbolicExpression product = factors.Count == 1 ? factors[0] : new Product([.. factors]);
        return coefficient == 1 ? product : new Sum([(coefficient, product)], 0);

        void Collect(SymbolicExpression item)
        {
            switch (item)
            {
                case Number number:
                    coefficient = checked(coefficient * number.Value);
                    break;
                case Product product:
                    factors.AddRange(product.Factors);
                    break;
                case Sum { Terms: [var (scale, term)], Constant: 0 }:
                    coefficient = checked(coefficient * scale);
                    Collect(term);
                    break;
                default:
                    factors.Add(item);
                    break;
            }
        }

        static SymbolicExpression Scale(Sum sum, long scale) => scale == 1 ? sum
            : new Sum([.. sum.Terms.Select(term => (checked(term.Coefficient * scale), term.Term))], checked(sum.Constant * scale));
    }

    /// <summary>The value where symbols have numbers; null where there is none.</summary>
    internal Int128? Evaluate(Func<string, long> symbol)
    {
        switch (this)
        {
            case Number number:
                return number.Value;
            case Symbol named:
                return symbol(named.Name);
            case Sum sum:
                Int128? total = sum.Constant;
                foreach (var (coefficient, term) in sum.Terms)
                {
                    total = Small(total + (term.Evaluate(symbol) * coefficient));
                }

                return total;
            case Product product:
                Int128? result = 1;
                foreach (var factor in product.Factors)
                {
                    result = Small(result * factor.Evaluate(symbol));
                }

                return result;
            case Call call:
                return SymbolicFunctions.Evaluate(call.Function, [.. call.Arguments.Select(argument => argument.Evaluate(symbol))]);
            default:
                return null;
        }

        // Products of what is returned never overflow 128 bits.
        static Int128? Small(Int128? value) => value is { } number && Int128.Abs(number) <= long.MaxValue ? number : null;
    }

    /// <summary>The range of the value, by interval arithmetic.</summary>
    internal SymbolicRange Range(Func<Symbol, SymbolicRange> symbol) => this switch
    {
        Number number => SymbolicRange.Of(number.Value),
        Symbol named => symbol(named),
        Sum sum => sum.Terms.Aggregate(SymbolicRange.Of(sum.Constant), (total, term) => total + (term.Term.Range(symbol) * SymbolicRange.Of(term.Coefficient))),
        Product product => product.Factors.Aggregate(SymbolicRange.Of(1), (total, factor) => total * factor.Range(symbol)),
        Call call => SymbolicFunctions.Range(call.Function, [.. call.Arguments.Select(argument => argument.Range(symbol))]),
        _ => SymbolicRange.All,
    };

    /// <summary>Infix notation: "2*s0 + 1", "s0//4", "Max(1, s0)".</summary>
    public sealed override string ToString() => Print(LeastPrecedence);

    private string Print(int precedence)
    {
        var (text, own) = this switch
        {
            Number number => (number.Value.ToString(CultureInfo.InvariantCulture), number.Value < 0 ? LeastPrecedence : AtomPrecedence),
            Symbol symbol => (symbol.Name, AtomPrecedence),
            Sum { Terms: [(not -1, _) term], Constant: 0 } => ($"{term.Coefficient.ToString(CultureInfo.InvariantCulture)}*{term.Term.Print(ProductPrecedence)}",
                term.Coefficient < 0 ? LeastPrecedence : ProductPrecedence),
            Sum sum => (PrintSum(sum), LeastPrecedence),
            Product product => (string.Join("*", product.Factors.Select(factor => factor.Print(AtomPrecedence))), ProductPrecedence),
            Call { Function: "FloorDiv", Arguments: [var left, var right] } => ($"{left.Print(AtomPrecedence)}//{right.Print(AtomPrecedence)}", QuotientPrecedence),
            Call { Function: "Mod", Arguments: [var left, var right] } => ($"{left.Print(AtomPrecedence)}%{right.Print(AtomPrecedence)}", QuotientPrecedence),
            Call call => ($"{call.Function}({string.Join(", ", call.Arguments.Select(argument => argument.Print(LeastPrecedence)))})", AtomPrecedence),
            _ => ("", AtomPrecedence),
        };
        return own < precedence ? $"({text})" : text;
    }

    private static string PrintSum(Sum sum)
    {
        var text = "";
        foreach (var (coefficient, term) in sum.Terms)
        {
            var size = coefficient is 1 or -1 ? "" : $"{Magnitude(coefficient)}*";
            text += (text.Length, coefficient < 0) switch
            {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            } + size + term.Print(coefficient == 1 ? QuotientPrecedence : ProductPrecedence);
        }

        return sum.Constant == 0 ? text : $"{text} {(sum.Constant < 0 ? '-' : '+')} {Magnitude(sum.Constant)}";
    }

    private static string Magnitude(long value) => Int128.Abs(value).ToString(CultureInfo.InvariantCulture);
}
