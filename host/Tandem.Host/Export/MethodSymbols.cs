using System.Globalization;
using Tandem.Host.Import.Symbols;
using Tandem.Sdk;

namespace Tandem.Host.Export;

/// <summary>The symbols of a method: their ranges, and the values that they have in an example, which torch wants to know.</summary>
internal sealed class MethodSymbols
{
    // Neither 0 nor 1, which torch takes for special.
    private const long Example = 8;

    private readonly Dictionary<string, SymbolicRange> _ranges = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (string Text, long? Hint)> _texts = new(StringComparer.Ordinal);

    /// <summary>Collects the symbols of a method.</summary>
    internal MethodSymbols(ExportedMethod method)
    {
        List<SymbolicInt> integers = [.. Integers(method.Graph).Where(integer => !integer.IsConstant).DistinctBy(integer => (integer.Expression, integer.Minimum, integer.Maximum))];
        foreach (var integer in integers)
        {
            if (Parse(integer) is SymbolicExpression.Symbol symbol)
            {
                Narrow(symbol.Name, new SymbolicRange(integer.Minimum, integer.Maximum));
            }
        }

        // A symbol that stands nowhere by itself has the range that follows from the sizes made of it.
        var alone = _ranges.Keys.ToHashSet(StringComparer.Ordinal);
        foreach (var integer in integers)
        {
            if (Parse(integer) is SymbolicExpression.Sum { Terms: [(var factor, SymbolicExpression.Symbol symbol)] } sum && factor > 0 && !alone.Contains(symbol.Name))
            {
                Narrow(symbol.Name, new SymbolicRange(
                    integer.Minimum == long.MinValue ? long.MinValue : (long)-Floor(sum.Constant - (Int128)integer.Minimum, factor),
                    integer.IsBounded ? (long)Floor(integer.Maximum - (Int128)sum.Constant, factor) : long.MaxValue));
            }
        }
    }

    /// <summary>Ranges by symbol, in the order of the names.</summary>
    internal IEnumerable<KeyValuePair<string, SymbolicRange>> Ranges => _ranges.OrderBy(range => range.Key, StringComparer.Ordinal);

    /// <summary>An expression in sympy's notation, and its value in the example; null where only a run tells it.</summary>
    internal (string Text, long? Hint) Describe(SymbolicInt integer)
    {
        if (!_texts.TryGetValue(integer.Expression!, out var text))
        {
            var expression = Parse(integer);
            _texts.Add(integer.Expression!, text = (SympyNotation.Write(expression, IsPositive), Hint(expression)));
        }

        return text;
    }

    private long? Hint(SymbolicExpression expression)
    {
        var isKnown = true;
        var value = expression.Evaluate(symbol =>
        {
            isKnown &= !IsUnbacked(symbol);
            var range = _ranges.GetValueOrDefault(symbol, new SymbolicRange(0, long.MaxValue));
            return Math.Clamp(Example, range.Minimum, range.Maximum);
        });
        return isKnown && value is { } number && number >= long.MinValue && number <= long.MaxValue ? (long)number : null;
    }

    // Numbers that data gives, as torch names them.
    private static bool IsUnbacked(string symbol) => symbol.Length > 1 && symbol[0] == 'u' && symbol.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0;

    private bool IsPositive(string symbol) => !IsUnbacked(symbol) && _ranges.TryGetValue(symbol, out var range) && range.Minimum >= 1;

    private void Narrow(string symbol, SymbolicRange range)
    {
        var both = _ranges.TryGetValue(symbol, out var known) ? known.Intersect(range) : range;
        _ranges[symbol] = both.Minimum <= both.Maximum ? both
            : throw new TandemException(ErrorCode.ExportedProgramInvalid, "a symbol has no possible value",
                new ErrorDetails { Location = symbol, Found = string.Create(CultureInfo.InvariantCulture, $"[{both.Minimum}, {both.Maximum}]") });
    }

    private static SymbolicExpression Parse(SymbolicInt integer) => InfixExpressionParser.Parse(integer.Expression!);

    private static Int128 Floor(Int128 left, long right) => left / right - (left % right < 0 ? 1 : 0);

    private static IEnumerable<SymbolicInt> Integers(ExportedGraph graph) => graph.Inputs.Concat(graph.Nodes.SelectMany(node => node.Outputs)).SelectMany(Integers)
        .Concat(graph.Nodes.SelectMany(node => node.Arguments).Select(argument => argument.Value).OfType<GraphArgument.Subgraph>().SelectMany(nested => Integers(nested.Value)));

    private static IEnumerable<SymbolicInt> Integers(GraphValue value)
    {
        if (value.Integer is { } integer)
        {
            yield return integer;
        }

        if (value.Tensor is { } tensor)
        {
            foreach (var item in tensor.Sizes)
            {
                yield return item;
            }

            foreach (var item in tensor.Strides.IsDefault ? [] : tensor.Strides)
            {
                yield return item;
            }

            yield return tensor.StorageOffset;
        }
    }
}
