using System.Globalization;
using System.Text;

namespace Tandem.Sdk;

/// <summary>An integer expression as a polynomial over atoms: symbols, floor divisions, remainders, Min and Max. Equal expressions have equal text.</summary>
internal sealed class SymbolicPolynomial
{
    private const int MaxTerms = 64;

    // The atoms of a monomial in ordinal order, with repetition; the empty array is the constant term.
    private readonly SortedDictionary<string[], long> _terms = new(MonomialComparer.Instance);

    /// <summary>The value, if no atom is left.</summary>
    public long? Constant => _terms.Count == 0 ? 0 : _terms.Count == 1 && _terms.First() is { Key.Length: 0 } only ? only.Value : null;

    public static SymbolicPolynomial FromConstant(long value)
    {
        var result = new SymbolicPolynomial();
        result.Accumulate([], value);
        return result;
    }

    public static SymbolicPolynomial FromAtom(string atom)
    {
        var result = new SymbolicPolynomial();
        result.Accumulate([atom], 1);
        return result;
    }

    public static SymbolicPolynomial Add(SymbolicPolynomial left, SymbolicPolynomial right, long scale = 1)
    {
        var result = new SymbolicPolynomial();
        foreach (var (atoms, factor) in left._terms)
        {
            result.Accumulate(atoms, factor);
        }

        foreach (var (atoms, factor) in right._terms)
        {
            result.Accumulate(atoms, checked(factor * scale));
        }

        return result;
    }

    public static SymbolicPolynomial Multiply(SymbolicPolynomial left, SymbolicPolynomial right)
    {
        var result = new SymbolicPolynomial();
        if ((long)left._terms.Count * right._terms.Count > MaxTerms)
        {
            string[] factors = [$"({left})", $"({right})"];
            Array.Sort(factors, string.CompareOrdinal);
            result.Accumulate(factors, 1);
            return result;
        }

        foreach (var (leftAtoms, leftFactor) in left._terms)
        {
            foreach (var (rightAtoms, rightFactor) in right._terms)
            {
                string[] atoms = [.. leftAtoms, .. rightAtoms];
                Array.Sort(atoms, string.CompareOrdinal);
                result.Accumulate(atoms, checked(leftFactor * rightFactor));
            }
        }

        return result;
    }

    /// <summary>Floor division; what divides exactly leaves the atom, and a constant rest lies in [0, divisor).</summary>
    public static SymbolicPolynomial FloorDivide(SymbolicPolynomial left, SymbolicPolynomial right)
    {
        if (right._terms.Count == 1)
        {
            var (divisorAtoms, divisor) = right._terms.First();
            var exact = new SymbolicPolynomial();
            var rest = new SymbolicPolynomial();
            foreach (var (atoms, factor) in left._terms)
            {
                if (factor % divisor == 0 && Without(atoms, divisorAtoms) is { } quotient)
                {
                    exact.Accumulate(quotient, factor / divisor);
                }
                else if (atoms.Length == 0 && divisorAtoms.Length == 0 && divisor > 0)
                {
                    var floor = (factor - (((factor % divisor) + divisor) % divisor)) / divisor;
                    exact.Accumulate([], floor);
                    rest.Accumulate([], factor - (floor * divisor));
                }
                else
                {
                    rest.Accumulate(atoms, factor);
                }
            }

            if (rest._terms.Count == 0 || (divisorAtoms.Length == 0 && rest.Constant is >= 0 and var left0 && left0 < divisor))
            {
                return exact;
            }

            return Add(exact, FromAtom($"{rest.Operand()}//{right.Operand()}"));
        }

        return left.ToString() == right.ToString() ? FromConstant(1) : FromAtom($"{left.Operand()}//{right.Operand()}");
    }

    /// <summary>Remainder with the sign of the divisor, as Python's.</summary>
    public static SymbolicPolynomial Remainder(SymbolicPolynomial left, SymbolicPolynomial right)
    {
        var quotient = FloorDivide(left, right);
        var rest = Add(left, Multiply(quotient, right), -1);
        return rest.Constant is { } value ? FromConstant(value) : FromAtom($"{left.Operand()}%{right.Operand()}");
    }

    public static SymbolicPolynomial Parse(string text) => new Parser(text).Run();

    /// <summary>"2*s0 + 1".</summary>
    public override string ToString()
    {
        if (_terms.Count == 0)
        {
            return "0";
        }

        var text = new StringBuilder();
        foreach (var (atoms, factor) in _terms)
        {
            var magnitude = text.Length == 0 ? factor : Math.Abs(factor);
            text.Append(text.Length == 0 ? "" : factor < 0 ? " - " : " + ");
            if (atoms.Length == 0)
            {
                text.Append(magnitude.ToString(CultureInfo.InvariantCulture));
                continue;
            }

            text.Append(magnitude switch { 1 => "", -1 => "-", _ => magnitude.ToString(CultureInfo.InvariantCulture) + "*" });
            for (var i = 0; i < atoms.Length;)
            {
                var count = 1;
                while (i + count < atoms.Length && atoms[i + count] == atoms[i])
                {
                    count++;
                }

                // An atom that is a quotient or remainder binds no tighter than a product.
                var isCompound = atoms[i].AsSpan().IndexOfAny('/', '%') >= 0 && !atoms[i].StartsWith('M') && (atoms.Length > 1 || magnitude is not 1);
                text.Append(i > 0 ? "*" : "").Append(isCompound ? $"({atoms[i]})" : atoms[i]).Append(count > 1 ? $"**{count}" : "");
                i += count;
            }
        }

        return text.ToString();
    }

    // As an operand of a quotient: symbols, functions and numbers stand by themselves.
    private string Operand() => Constant is >= 0 || (_terms.Count == 1 && _terms.First() is { Key: [var atom], Value: 1 } && (char.IsAsciiLetter(atom[0]) || atom[0] == '_')
        && (atom.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_') || atom.StartsWith("Min(", StringComparison.Ordinal) || atom.StartsWith("Max(", StringComparison.Ordinal)))
        ? ToString() : $"({this})";

    private static string[]? Without(string[] atoms, string[] divisor)
    {
        var rest = atoms.ToList();
        return divisor.All(rest.Remove) ? [.. rest] : null;
    }

    private void Accumulate(string[] atoms, long factor)
    {
        var sum = checked(_terms.GetValueOrDefault(atoms) + factor);
        if (sum == 0)
        {
            _terms.Remove(atoms);
        }
        else
        {
            _terms[atoms] = sum;
        }
    }

    // Highest degree first, then by name, so that the constant comes last.
    private sealed class MonomialComparer : IComparer<string[]>
    {
        public static readonly MonomialComparer Instance = new();

        public int Compare(string[]? left, string[]? right)
        {
            var order = right!.Length.CompareTo(left!.Length);
            for (var i = 0; order == 0 && i < left.Length; i++)
            {
                order = string.CompareOrdinal(left[i], right[i]);
            }

            return order;
        }
    }

    // expression := product (('+' | '-') product)*; product := power (('*' | '//' | '%') power)*; power := unary ('**' integer)?
    private sealed class Parser(string text)
    {
        private const int MaxDepth = 64;
        private int _position;
        private int _depth;

        public SymbolicPolynomial Run()
        {
            var result = Sum();
            Skip();
            return _position == text.Length ? result : throw Invalid();
        }

        private SymbolicPolynomial Sum()
        {
            if (++_depth > MaxDepth)
            {
                throw Invalid();
            }

            var result = Product();
            while (true)
            {
                if (Take("+"))
                {
                    result = Add(result, Product());
                }
                else if (Take("-"))
                {
                    result = Add(result, Product(), -1);
                }
                else
                {
                    _depth--;
                    return result;
                }
            }
        }

        private SymbolicPolynomial Product()
        {
            var result = Power();
            while (true)
            {
                if (Take("//"))
                {
                    result = FloorDivide(result, NotZero(Power()));
                }
                else if (Take("%"))
                {
                    result = Remainder(result, NotZero(Power()));
                }
                else if (Take("*"))
                {
                    result = Multiply(result, Power());
                }
                else
                {
                    return result;
                }
            }
        }

        private SymbolicPolynomial Power()
        {
            if (Take("-"))
            {
                return Multiply(FromConstant(-1), Power());
            }

            var value = Unary();
            if (!Take("**"))
            {
                return value;
            }

            var exponent = Unary().Constant is >= 0 and <= 16 and var given ? given : throw Invalid();
            var result = FromConstant(1);
            for (var i = 0; i < exponent; i++)
            {
                result = Multiply(result, value);
            }

            return result;
        }

        private SymbolicPolynomial Unary()
        {
            if (Take("("))
            {
                var inner = Sum();
                return Take(")") ? inner : throw Invalid();
            }

            Skip();
            var start = _position;
            while (_position < text.Length && (char.IsAsciiLetterOrDigit(text[_position]) || text[_position] is '_' or '.'))
            {
                _position++;
            }

            var word = text[start.._position];
            if (word.Length == 0)
            {
                throw Invalid();
            }

            if (char.IsAsciiDigit(word[0]))
            {
                return long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? FromConstant(number) : throw Invalid();
            }

            return Take("(") ? Call(word) : FromAtom(word);
        }

        private SymbolicPolynomial Call(string function)
        {
            var arguments = new List<SymbolicPolynomial>();
            while (!Take(")"))
            {
                arguments.Add(Sum());
                if (!Take(",") && text.AsSpan(_position).TrimStart() is not [')', ..])
                {
                    throw Invalid();
                }
            }

            return (function, arguments.Count) switch
            {
                ("FloorDiv" or "CleanDiv", 2) => FloorDivide(arguments[0], NotZero(arguments[1])),
                ("Mod" or "PythonMod", 2) => Remainder(arguments[0], NotZero(arguments[1])),
                ("Min" or "Max", _) => Extreme(function, arguments),
                _ => FromAtom($"{function}({string.Join(", ", arguments)})"),
            };
        }

        private SymbolicPolynomial NotZero(SymbolicPolynomial divisor) => divisor.Constant == 0 ? throw Invalid() : divisor;

        private void Skip()
        {
            while (_position < text.Length && text[_position] == ' ')
            {
                _position++;
            }
        }

        private bool Take(string token)
        {
            Skip();
            if (!text.AsSpan(_position).StartsWith(token, StringComparison.Ordinal) || (token == "*" && text.AsSpan(_position).StartsWith("**", StringComparison.Ordinal)))
            {
                return false;
            }

            _position += token.Length;
            return true;
        }

        private TandemException Invalid() => new(ErrorCode.ArgumentInvalid, "a symbolic expression cannot be read",
            new ErrorDetails { Location = $"character {_position}", Expected = "integers and symbols with + - * // % **, Min and Max", Found = text });
    }

    /// <summary>Min or Max of several expressions.</summary>
    public static SymbolicPolynomial Extreme(string function, IReadOnlyCollection<SymbolicPolynomial> arguments)
    {
        var distinct = arguments.Select(argument => argument.ToString()).Distinct().Order(StringComparer.Ordinal).ToList();
        return distinct.Count == 1 ? arguments.First()
            : arguments.All(argument => argument.Constant is not null)
                ? FromConstant(function == "Min" ? arguments.Min(argument => argument.Constant!.Value) : arguments.Max(argument => argument.Constant!.Value))
            : FromAtom($"{function}({string.Join(", ", distinct)})");
    }
}
