namespace Tandem.Host.Import.Symbols;

/// <summary>The functions of PyTorch's symbolic shapes, under one name each.</summary>
internal static class SymbolicFunctions
{
    /// <summary>The name under which a function is kept: those that differ in what they require but not in their value are one.</summary>
    internal static string Canonical(string name) => name switch
    {
        "CleanDiv" or "IntTrueDiv" => "FloorDiv",
        "PythonMod" => "Mod",
        _ => name,
    };

    /// <summary>The value; null if it is not known.</summary>
    internal static Int128? Evaluate(string function, ReadOnlySpan<Int128?> values)
    {
        foreach (var value in values)
        {
            if (value is null)
            {
                return null;
            }
        }

        return (function, values.Length) switch
        {
            ("FloorDiv", 2) when values[1] != 0 => Floor(values[0]!.Value, values[1]!.Value),
            ("CeilDiv", 2) when values[1] != 0 => -Floor(-values[0]!.Value, values[1]!.Value),
            ("Mod", 2) when values[1] != 0 => values[0] - (Floor(values[0]!.Value, values[1]!.Value) * values[1]),
            ("ModularIndexing", 3) when values[1] > 0 && values[2] > 0 => Floor(values[0]!.Value, values[1]!.Value) % values[2],
            ("Max", 2) => Int128.Max(values[0]!.Value, values[1]!.Value),
            ("Min", 2) => Int128.Min(values[0]!.Value, values[1]!.Value),
            ("Pow", 2) when values[1] is { } exponent && exponent >= 0 && exponent <= 62 => Power(values[0]!.Value, (int)exponent),
            _ => null,
        };
    }

    /// <summary>The range of the value.</summary>
    internal static SymbolicRange Range(string function, ReadOnlySpan<SymbolicRange> ranges) => (function, ranges.Length) switch
    {
        ("FloorDiv", 2) => ranges[0].FloorDivide(ranges[1]),
        ("CeilDiv", 2) => ranges[0].CeilDivide(ranges[1]),
        ("Mod", 2) => ranges[0].Modulo(ranges[1]),
        ("ModularIndexing", 3) => ranges[0].FloorDivide(ranges[1]).Modulo(ranges[2]),
        ("Max", 2) => ranges[0].Max(ranges[1]),
        ("Min", 2) => ranges[0].Min(ranges[1]),
        ("Pow", 2) when ranges[1].Minimum == ranges[1].Maximum && ranges[1].Minimum is >= 0 and <= 62 => ranges[0].Power((int)ranges[1].Minimum),
        _ => SymbolicRange.All,
    };

    private static Int128 Floor(Int128 left, Int128 right)
    {
        var quotient = left / right;
        return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
    }

    private static Int128? Power(Int128 value, int exponent)
    {
        Int128 result = 1;
        for (var i = 0; i < exponent; i++)
        {
            result *= value;
            if (Int128.Abs(result) > long.MaxValue)
            {
                return null;
            }
        }

        return result;
    }
}
