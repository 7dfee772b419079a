using System.Globalization;

namespace Tandem.Host.Import.Symbols;

/// <summary>Writes sympy's srepr notation, as archives hold it.</summary>
internal static class SympyNotation
{
    /// <summary>Writes an expression.</summary>
    /// <param name="expression">The expression.</param>
    /// <param name="isPositive">Whether a symbol is at least 1.</param>
    /// <returns>"Add(Mul(Integer(2), Symbol('s0', positive=True, integer=True)), Integer(1))".</returns>
    internal static string Write(SymbolicExpression expression, Func<string, bool> isPositive)
    {
        return Text(expression);

        string Text(SymbolicExpression item) => item switch
        {
            SymbolicExpression.Number number => $"Integer({number.Value.ToString(CultureInfo.InvariantCulture)})",
            SymbolicExpression.Symbol symbol => isPositive(symbol.Name) ? $"Symbol('{symbol.Name}', positive=True, integer=True)" : $"Symbol('{symbol.Name}', integer=True)",
            SymbolicExpression.Sum { Terms: [var only], Constant: 0 } => Term(only),
            SymbolicExpression.Sum sum => $"Add({string.Join(", ", sum.Terms.Select(Term).Concat(sum.Constant == 0 ? [] : [Text(new SymbolicExpression.Number(sum.Constant))]))})",
            SymbolicExpression.Product product => $"Mul({string.Join(", ", product.Factors.Select(Text))})",
            SymbolicExpression.Call call => $"{Function(call.Function)}({string.Join(", ", call.Arguments.Select(Text))})",
            _ => throw new ArgumentOutOfRangeException(nameof(expression)),
        };

        string Term((long Coefficient, SymbolicExpression Term) term) =>
            term.Coefficient == 1 ? Text(term.Term) : $"Mul(Integer({term.Coefficient.ToString(CultureInfo.InvariantCulture)}), {Text(term.Term)})";
    }

    // Names under which torch knows what is one function here.
    private static string Function(string name) => name switch
    {
        "Mod" => "PythonMod",
        "Pow" => "PowByNatural",
        _ => name,
    };
}
