using System.Globalization;
using System.Text;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Symbolic;

/// <summary>A sum of products of symbols. What is no polynomial (a quotient, a maximum) is one atom of it. Immutable after construction.</summary>
internal sealed class Polynomial
{
    private const int MaxDepth = 64;

    // Coefficient by monomial; a monomial is its atoms, sorted and joined by '*'; the empty one is the constant term.
    private readonly SortedDictionary<string, long> _terms = new(StringComparer.Ordinal);

    public static Polynomial Of(SymbolicInt value) => value.IsConstant ? Constant(value.Value) : Parse(value.Expression!);

    public static Polynomial Constant(long number)
    {
        var result = new Polynomial();
        result.Add("", number);
        return result;
    }

    public static Polynomial Atom(string atom)
    {
        var result = new Polynomial();
        result.Add(atom, 1);
        return result;
    }

    public bool IsConstant(out long number)
    {
        number = _terms.GetValueOrDefault("");
        return _terms.Count == 0 || (_terms.Count == 1 && _terms.ContainsKey(""));
    }

    public Polynomial Plus(Polynomial other, long factor)
    {
        var result = new Polynomial();
        foreach (var (monomial, coefficient) in _terms)
        {
            result.Add(monomial, coefficient);
        }

        foreach (var (monomial, coefficient) in other._terms)
        {
            result.Add(monomial, coefficient * factor);
        }

        return result;
    }

    public Polynomial Times(Polynomial other)
    {
        var result = new Polynomial();
        foreach (var (left, a) in _terms)
        {
            foreach (var (right, b) in other._terms)
            {
                result.Add(left.Length == 0 ? right : right.Length == 0 ? left : Join([.. Atoms(left), .. Atoms(right)]), a * b);
            }
        }

        return result;
    }

    /// <summary>The quotient, if every coefficient is a multiple.</summary>
    public Polynomial? TryDivide(long divisor)
    {
        var result = new Polynomial();
        foreach (var (monomial, coefficient) in _terms)
        {
            if (coefficient % divisor != 0)
            {
                return null;
            }

            result.Add(monomial, coefficient / divisor);
        }

        return result;
    }

    /// <summary>The quotient by a single product, if every term contains it.</summary>
    public Polynomial? TryDivide(Polynomial divisor)
    {
        if (divisor._terms.Count != 1)
        {
            return null;
        }

        var (factors, factor) = divisor._terms.First();
        var result = new Polynomial();
        foreach (var (monomial, coefficient) in _terms)
        {
            var atoms = Atoms(monomial).ToList();
            if (coefficient % factor != 0 || !Atoms(factors).All(atoms.Remove))
            {
                return null;
            }

            result.Add(Join([.. atoms]), coefficient / factor);
        }

        return result;
    }

    /// <summary>"2*s0*s1 + s0 - 3".</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (monomial, coefficient) in _terms.OrderBy(term => term.Key.Length == 0))
        {
            text.Append(text.Length == 0 ? (coefficient < 0 ? "-" : "") : coefficient < 0 ? " - " : " + ");
            var size = coefficient < 0 ? -(Int128)coefficient : coefficient;
            text.Append(CultureInfo.InvariantCulture, $"{(monomial.Length == 0 ? $"{size}" : size == 1 ? monomial : $"{size}*{monomial}")}");
        }

        return text.Length == 0 ? "0" : text.ToString();
    }

    private static string Join(string[] atoms)
    {
        Array.Sort(atoms, StringComparer.Ordinal);
        return string.Join('*', atoms);
    }

    // Atoms hold '*' only inside parentheses.
    private static IEnumerable<string> Atoms(string monomial)
    {
        var (start, depth) = (0, 0);
        for (var i = 0; i <= monomial.Length; i++)
        {
            if (i == monomial.Length || (monomial[i] == '*' && depth == 0))
            {
                if (i > start)
                {
                    yield return monomial[start..i];
                }

                start = i + 1;
            }
            else
            {
                depth += monomial[i] == '(' ? 1 : monomial[i] == ')' ? -1 : 0;
            }
        }
    }

    private void Add(string monomial, long coefficient)
    {
        var sum = _terms.GetValueOrDefault(monomial) + coefficient;
        if (sum == 0)
        {
            _terms.Remove(monomial);
        }
        else
        {
            _terms[monomial] = sum;
        }
    }

    private static Polynomial Parse(string text)
    {
        var at = 0;
        var result = Sum(text, ref at, 0);
        Skip(text, ref at);
        return at == text.Length && result is not null ? result : Atom($"({text})");
    }

    private static Polynomial? Sum(string text, ref int at, int depth)
    {
        var sum = Term(text, ref at, depth);
        while (sum is not null && Skip(text, ref at) is '+' or '-')
        {
            var sign = text[at++] == '+' ? 1 : -1;
            sum = Term(text, ref at, depth) is { } next ? sum!.Plus(next, sign) : null;
        }

        return sum;
    }

    private static Polynomial? Term(string text, ref int at, int depth)
    {
        var product = Factor(text, ref at, depth);
        while (product is not null && Skip(text, ref at) is '*' or '/' or '%')
        {
            var symbol = text[at++];
            var isDouble = at < text.Length && text[at] == symbol;
            at += isDouble ? 1 : 0;
            if (Factor(text, ref at, depth) is not { } next)
            {
                return null;
            }

            if (symbol == '*' && isDouble)
            {
                if (!next.IsConstant(out var power) || power is < 0 or > 8)
                {
                    return null;
                }

                var raised = Constant(1);
                for (var i = 0; i < power; i++)
                {
                    raised = raised.Times(product!);
                }

                product = raised;
            }
            else
            {
                product = symbol == '*' ? product!.Times(next) : Atom($"({product}{symbol}{(isDouble ? symbol : "")}{next})");
            }
        }

        return product;
    }

    private static Polynomial? Factor(string text, ref int at, int depth)
    {
        if (depth > MaxDepth)
        {
            return null;
        }

        var next = Skip(text, ref at);
        if (next == '-')
        {
            at++;
            return Factor(text, ref at, depth + 1)?.Times(Constant(-1));
        }

        if (next == '(')
        {
            at++;
            var inner = Sum(text, ref at, depth + 1);
            return Skip(text, ref at) == ')' && at++ >= 0 ? inner : null;
        }

        var start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or '.'))
        {
            at++;
        }

        var word = text[start..at];
        if (word.Length == 0)
        {
            return null;
        }

        if (long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return Constant(number);
        }

        if (Skip(text, ref at) != '(')
        {
            return char.IsAsciiDigit(word[0]) ? null : Atom(word);
        }

        at++;
        var arguments = new List<string>();
        while (Sum(text, ref at, depth + 1) is { } argument)
        {
            arguments.Add(argument.ToString());
            var end = Skip(text, ref at);
            at++;
            if (end == ')')
            {
                return Function(word, arguments);
            }

            if (end != ',')
            {
                return null;
            }
        }

        return null;
    }

    private static Polynomial Function(string name, List<string> arguments) => name is "FloorDiv" or "floor_div" && arguments.Count == 2
        ? Atom($"({arguments[0]}//{arguments[1]})") : Atom($"{name}({string.Join(", ", arguments)})");

    private static char Skip(string text, ref int at)
    {
        while (at < text.Length && text[at] == ' ')
        {
            at++;
        }

        return at < text.Length ? text[at] : '\0';
    }
}
