using System.Globalization;
using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <summary>Gives symbolic sizes their value at run time: reads them off a tensor, or computes them from such readings. Each is read once.</summary>
internal sealed class SymbolicNumbers(GraphBuilder graph)
{
    private readonly Dictionary<string, GraphArgument> _known = new(StringComparer.Ordinal);

    public GraphArgument Find(SymbolicInt size)
    {
        // What has been computed before is found under its one notation.
        var text = (size + 0).Expression ?? size.Expression!;
        if (_known.TryGetValue(text, out var known))
        {
            return known;
        }

        foreach (var value in graph.Values)
        {
            for (var dim = 0; dim < (value.Tensor?.Rank ?? 0); dim++)
            {
                if (value.Tensor!.Sizes[dim].IsSameAs(size))
                {
                    var name = graph.AddInteger("aten::sym_size", "int",
                        [new("self", new GraphArgument.Reference(value.Name)), new("dim", new GraphArgument.Int(dim))], size);
                    return _known[text] = new GraphArgument.Reference(name);
                }
            }
        }

        return _known[text] = new Reader(this, text, size).Run();
    }

    private GraphArgument FindSymbol(string name)
    {
        var spec = graph.Values.SelectMany(value => value.Tensor?.Sizes ?? []).FirstOrDefault(size => size.Expression == name)
            ?? throw new TandemException(ErrorCode.OperatorArgumentInvalid, "a symbolic size is no size of any tensor here", new ErrorDetails
            {
                Expected = "a size of an input of this graph",
                Found = name,
                NextStep = "give the graph an input with this dimension",
            });
        return Find(spec);
    }

    // Emits the arithmetic of an expression in the notation that SymbolicInt writes.
    private sealed class Reader(SymbolicNumbers numbers, string text, SymbolicInt whole)
    {
        private int _position;

        public GraphArgument Run() => Sum();

        private GraphArgument Sum()
        {
            var result = Take("-") ? Combine("_operator::mul", new GraphArgument.Int(-1), Product()) : Product();
            while (true)
            {
                if (Take("+"))
                {
                    result = Combine("_operator::add", result, Product());
                }
                else if (Take("-"))
                {
                    result = Combine("_operator::sub", result, Product());
                }
                else
                {
                    return result;
                }
            }
        }

        private GraphArgument Product()
        {
            var result = Power();
            while (true)
            {
                if (Take("//"))
                {
                    result = Combine("_operator::floordiv", result, Power());
                }
                else if (Take("%"))
                {
                    result = Combine("_operator::mod", result, Power());
                }
                else if (Take("*"))
                {
                    result = Combine("_operator::mul", result, Power());
                }
                else
                {
                    return result;
                }
            }
        }

        private GraphArgument Power()
        {
            var value = Unary();
            if (!Take("**"))
            {
                return value;
            }

            var count = (Unary() as GraphArgument.Int)?.Value ?? throw Unknown();
            var result = value;
            for (var i = 1; i < count; i++)
            {
                result = Combine("_operator::mul", result, value);
            }

            return result;
        }

        private GraphArgument Unary()
        {
            if (Take("("))
            {
                var inner = Sum();
                return Take(")") ? inner : throw Unknown();
            }

            var start = _position;
            while (_position < text.Length && (char.IsAsciiLetterOrDigit(text[_position]) || text[_position] is '_' or '.'))
            {
                _position++;
            }

            var word = text[start.._position];
            if (word.Length > 0 && char.IsAsciiDigit(word[0]))
            {
                return new GraphArgument.Int(long.Parse(word, CultureInfo.InvariantCulture));
            }

            if (word is "Min" or "Max" && Take("("))
            {
                var result = Sum();
                while (Take(","))
                {
                    result = Combine(word == "Min" ? "torch::sym_min" : "torch::sym_max", result, Sum());
                }

                return Take(")") ? result : throw Unknown();
            }

            return word.Length > 0 && word != text ? numbers.FindSymbol(word)
                : throw new TandemException(ErrorCode.OperatorArgumentInvalid, "a symbolic size is no size of any tensor here", new ErrorDetails
                {
                    Expected = "a size of an input of this graph",
                    Found = whole.ToString(),
                    NextStep = "give the graph an input with this dimension",
                });
        }

        private GraphArgument Combine(string operatorName, GraphArgument left, GraphArgument right)
        {
            var (a, b) = (ValueOf(left), ValueOf(right));
            var value = operatorName switch
            {
                "_operator::add" => a + b,
                "_operator::sub" => a - b,
                "_operator::mul" => a * b,
                "_operator::floordiv" => a / b,
                "_operator::mod" => a % b,
                "torch::sym_min" => SymbolicInt.Min(a, b),
                _ => SymbolicInt.Max(a, b),
            };
            if (value.IsConstant)
            {
                return new GraphArgument.Int(value.Value);
            }

            if (numbers._known.TryGetValue(value.Expression!, out var known))
            {
                return known;
            }

            return numbers._known[value.Expression!] = new GraphArgument.Reference(numbers.Emit(operatorName, left, right, value));
        }

        private SymbolicInt ValueOf(GraphArgument argument) => argument is GraphArgument.Int number ? number.Value : numbers.IntegerOf(argument);

        private bool Take(string token)
        {
            while (_position < text.Length && text[_position] == ' ')
            {
                _position++;
            }

            var rest = text.AsSpan(_position);
            if (!rest.StartsWith(token, StringComparison.Ordinal) || (token == "*" && rest.StartsWith("**", StringComparison.Ordinal)))
            {
                return false;
            }

            _position += token.Length;
            while (_position < text.Length && text[_position] == ' ')
            {
                _position++;
            }

            return true;
        }

        private TandemException Unknown() => new(ErrorCode.OperatorArgumentInvalid, "a symbolic size cannot be computed",
            new ErrorDetails { Expected = "sums, products, quotients, minima and maxima of sizes", Found = whole.ToString() });
    }

    private string Emit(string operatorName, GraphArgument left, GraphArgument right, SymbolicInt value) =>
        graph.AddInteger(operatorName, "", [new("a", left), new("b", right)], value);

    private SymbolicInt IntegerOf(GraphArgument argument) => graph.FindValue(((GraphArgument.Reference)argument).Name)!.Integer!;
}
