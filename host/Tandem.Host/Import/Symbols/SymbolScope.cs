using Tandem.Sdk;

namespace Tandem.Host.Import.Symbols;

/// <summary>The symbols of one method with their ranges; reads its symbolic integers, each text once.</summary>
internal sealed class SymbolScope(IReadOnlyDictionary<string, SymbolicRange> constraints)
{
    private readonly Dictionary<string, SymbolicExpression> _expressions = new(StringComparer.Ordinal);
    private readonly Dictionary<(SymbolicExpression Expression, bool IsSize), SymbolicInt> _integers = [];

    /// <summary>Reads an expression.</summary>
    /// <param name="text">sympy's srepr notation.</param>
    /// <returns>The expression.</returns>
    internal SymbolicExpression Parse(string text)
    {
        if (!_expressions.TryGetValue(text, out var expression))
        {
            _expressions.Add(text, expression = SymbolicExpressionParser.Parse(text));
        }

        return expression;
    }

    /// <summary>An expression as the graph carries it, with its range.</summary>
    /// <param name="expression">The expression.</param>
    /// <param name="isSize">Whether it is a size, which is never negative.</param>
    /// <returns>The integer.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ExportedProgramInvalid"/>: no value is possible.</exception>
    internal SymbolicInt ToInteger(SymbolicExpression expression, bool isSize)
    {
        if (expression is SymbolicExpression.Number number)
        {
            return number.Value;
        }

        if (!_integers.TryGetValue((expression, isSize), out var integer))
        {
            var range = expression.Range(RangeOf);
            range = isSize ? range.Intersect(new(0, long.MaxValue)) : range;
            if (range.Minimum > range.Maximum)
            {
                throw new TandemException(ErrorCode.ExportedProgramInvalid, "a symbolic integer has no possible value", new ErrorDetails
                {
                    Expected = isSize ? "a size of 0 or more" : "a range that is not empty",
                    Found = $"{expression} in [{range.Minimum}, {range.Maximum}]",
                });
            }

            _integers.Add((expression, isSize), integer = SymbolicInt.Symbol(expression.ToString(), range.Minimum, range.Maximum));
        }

        return integer;
    }

    private SymbolicRange RangeOf(SymbolicExpression.Symbol symbol)
    {
        var range = symbol.IsPositive ? new SymbolicRange(1, long.MaxValue) : SymbolicRange.All;
        return constraints.TryGetValue(symbol.Name, out var constraint) ? range.Intersect(constraint) : range;
    }
}
