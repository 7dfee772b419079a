using System.Collections.Immutable;
using System.Globalization;
using Tandem.Sdk;

namespace Tandem.Host.Import.Symbols;

/// <summary>Reads sympy's srepr notation: "Add(Mul(Integer(2), Symbol('s0', positive=True, integer=True)), Integer(1))".</summary>
internal ref struct SymbolicExpressionParser
{
    private const int MaxLength = 1 << 16;
    private const int MaxDepth = 64;

    private readonly string _text;
    private int _at;
    private int _depth;

    private SymbolicExpressionParser(string text) => _text = text;

    /// <summary>Reads an expression.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The expression.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ExportedProgramInvalid"/> or <see cref="ErrorCode.ExportedProgramNotSupported"/>.</exception>
    internal static SymbolicExpression Parse(string text)
    {
        if (text.Length > MaxLength)
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "a symbolic expression is too long",
                new ErrorDetails { Expected = $"at most {MaxLength} characters", Found = $"{text.Length} characters" });
        }

        var parser = new SymbolicExpressionParser(text);
        try
        {
            var result = parser.ReadExpression();
            parser.SkipSpace();
            return parser._at == text.Length ? result : throw parser.Invalid("the end");
        }
        catch (OverflowException error)
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "a symbolic expression overflows", new ErrorDetails { Found = Short(text) }, error);
        }
    }

    private SymbolicExpression ReadExpression()
    {
        if (++_depth > MaxDepth)
        {
            throw Invalid($"at most {MaxDepth} levels");
        }

        var name = ReadName();
        Expect('(');
        SymbolicExpression result;
        switch (name)
        {
            case "Integer":
                result = new SymbolicExpression.Number(ReadInteger());
                break;
            case "Symbol" or "Dummy":
                result = ReadSymbol();
                break;
            default:
                result = Combine(name, ReadArguments());
                break;
        }

        Expect(')');
        _depth--;
        return result;
    }

    private SymbolicExpression.Symbol ReadSymbol()
    {
        var name = ReadQuoted();
        if (name.Length == 0 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '\'')))
        {
            throw Invalid("the name of a symbol");
        }

        var isPositive = false;
        while (TryTake(','))
        {
            var assumption = ReadName();
            Expect('=');
            isPositive |= ReadName() == "True" && assumption == "positive";
        }

        return new SymbolicExpression.Symbol(name, isPositive);
    }

    private ImmutableArray<SymbolicExpression> ReadArguments()
    {
        var arguments = ImmutableArray.CreateBuilder<SymbolicExpression>();
        SkipSpace();
        if (_at < _text.Length && _text[_at] == ')')
        {
            return [];
        }

        do
        {
            arguments.Add(ReadExpression());
        }
        while (TryTake(','));
        return arguments.ToImmutable();
    }

    /// <summary>A function of expressions, simplified as everywhere.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.ExportedProgramNotSupported"/>: an unknown function.</exception>
    /// <exception cref="OverflowException">A coefficient overflows.</exception>
    internal static SymbolicExpression Combine(string name, ImmutableArray<SymbolicExpression> arguments)
    {
        var function = SymbolicFunctions.Canonical(name);
        switch (function, arguments.Length)
        {
            case ("Add", > 0):
                return SymbolicExpression.Add(arguments);
            case ("Mul", > 0):
                return SymbolicExpression.Multiply(arguments);
            case ("Identity" or "ToInt" or "TruncToInt" or "FloorToInt" or "RoundToInt" or "CeilToInt", 1):
                return arguments[0];
            case ("Pow" or "PowByNatural", 2) when arguments[1] is SymbolicExpression.Number { Value: >= 0 and <= 62 } power:
                // Only symbols are written out: powers of powers of sums would grow without end.
                return power.Value <= 4 && arguments[0] is SymbolicExpression.Symbol ? SymbolicExpression.Multiply(Enumerable.Repeat(arguments[0], (int)power.Value))
                    : Fold(new SymbolicExpression.Call("Pow", arguments));
            case ("Max" or "Min", >= 1):
                var result = arguments[0];
                foreach (var argument in arguments.AsSpan()[1..])
                {
                    result = Fold(new SymbolicExpression.Call(function, [result, argument]));
                }

                return result;
            case ("FloorDiv" or "CeilDiv" or "Mod", 2) or ("ModularIndexing", 3):
                return Fold(new SymbolicExpression.Call(function, arguments));
            case ("Where", 3) or ("LShift" or "RShift", 2):
                return new SymbolicExpression.Call(function, arguments);
            default:
                throw new TandemException(ErrorCode.ExportedProgramNotSupported, "a symbolic expression uses a function that is unknown", new ErrorDetails
                {
                    Expected = "sums, products, powers, floor division, remainder, minimum, maximum",
                    Found = $"{name} with {arguments.Length} arguments",
                    NextStep = "export the model with simpler dynamic shapes",
                });
        }
    }

    // A function of numbers is a number.
    private static SymbolicExpression Fold(SymbolicExpression.Call call) =>
        call.Arguments.All(argument => argument is SymbolicExpression.Number) && call.Evaluate(static _ => 0) is { } value
            && value >= long.MinValue && value <= long.MaxValue ? new SymbolicExpression.Number((long)value) : call;

    private string ReadName()
    {
        SkipSpace();
        var start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] == '_'))
        {
            _at++;
        }

        return _at > start ? _text[start.._at] : throw Invalid("a name");
    }

    private long ReadInteger()
    {
        SkipSpace();
        var start = _at;
        while (_at < _text.Length && (char.IsAsciiDigit(_text[_at]) || _text[_at] == '-'))
        {
            _at++;
        }

        return long.TryParse(_text.AsSpan(start, _at - start), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value
            : throw Invalid("a 64 bit integer");
    }

    private string ReadQuoted()
    {
        Expect('\'');
        var end = _text.IndexOf('\'', _at);
        if (end < 0)
        {
            throw Invalid("a closing quotation mark");
        }

        var value = _text[_at..end];
        _at = end + 1;
        return value;
    }

    private void Expect(char character)
    {
        if (!TryTake(character))
        {
            throw Invalid($"'{character}'");
        }
    }

    private bool TryTake(char character)
    {
        SkipSpace();
        if (_at >= _text.Length || _text[_at] != character)
        {
            return false;
        }

        _at++;
        return true;
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && _text[_at] == ' ')
        {
            _at++;
        }
    }

    private readonly TandemException Invalid(string expected) => new(ErrorCode.ExportedProgramInvalid, "a symbolic expression cannot be read",
        new ErrorDetails { Expected = $"{expected} at character {_at}", Found = Short(_text) });

    private static string Short(string text) => text.Length <= 200 ? text : text[..200] + "...";
}
