using System.Collections.Immutable;
using System.Globalization;
using Tandem.Sdk;

namespace Tandem.Host.Import.Symbols;

/// <summary>Reads the notation of <see cref="SymbolicInt.Expression"/>: integers and symbols with + - * // % **, and functions.</summary>
internal ref struct InfixExpressionParser
{
    private const int MaxDepth = 64;

    private readonly ReadOnlySpan<char> _text;
    private int _at;
    private int _depth;

    private InfixExpressionParser(ReadOnlySpan<char> text) => _text = text;

    /// <summary>Reads an expression.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.ExportedProgramInvalid"/>.</exception>
    internal static SymbolicExpression Parse(string text)
    {
        var parser = new InfixExpressionParser(text);
        try
        {
            var result = parser.ReadSum();
            parser.Skip();
            return parser._at == text.Length ? result : throw parser.Invalid();
        }
        catch (OverflowException error)
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "a symbolic expression overflows", new ErrorDetails { Found = text }, error);
        }
    }

    private SymbolicExpression ReadSum()
    {
        if (++_depth > MaxDepth)
        {
            throw Invalid();
        }

        var items = new List<SymbolicExpression> { ReadProduct() };
        while (true)
        {
            if (Take("+"))
            {
                items.Add(ReadProduct());
            }
            else if (Take("-"))
            {
                items.Add(SymbolicExpression.Multiply([new SymbolicExpression.Number(-1), ReadProduct()]));
            }
            else
            {
                _depth--;
                return items.Count == 1 ? items[0] : SymbolicExpression.Add(items);
            }
        }
    }

    private SymbolicExpression ReadProduct()
    {
        var result = ReadPower();
        while (true)
        {
            if (Take("//"))
            {
                result = SymbolicExpressionParser.Combine("FloorDiv", [result, ReadPower()]);
            }
            else if (Take("%"))
            {
                result = SymbolicExpressionParser.Combine("Mod", [result, ReadPower()]);
            }
            else if (Take("*"))
            {
                result = SymbolicExpression.Multiply([result, ReadPower()]);
            }
            else
            {
                return result;
            }
        }
    }

    private SymbolicExpression ReadPower()
    {
        if (Take("-"))
        {
            return SymbolicExpression.Multiply([new SymbolicExpression.Number(-1), ReadPower()]);
        }

        var value = ReadOperand();
        return Take("**") ? SymbolicExpressionParser.Combine("Pow", [value, ReadOperand()]) : value;
    }

    private SymbolicExpression ReadOperand()
    {
        if (Take("("))
        {
            var inner = ReadSum();
            return Take(")") ? inner : throw Invalid();
        }

        Skip();
        var start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '_' or '.' or '\''))
        {
            _at++;
        }

        var word = _text[start.._at];
        if (word.Length == 0)
        {
            throw Invalid();
        }

        if (char.IsAsciiDigit(word[0]))
        {
            return long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new SymbolicExpression.Number(number) : throw Invalid();
        }

        var name = word.ToString();
        if (!Take("("))
        {
            return new SymbolicExpression.Symbol(name, false);
        }

        var arguments = ImmutableArray.CreateBuilder<SymbolicExpression>();
        do
        {
            arguments.Add(ReadSum());
        }
        while (Take(","));
        return Take(")") ? SymbolicExpressionParser.Combine(name, arguments.ToImmutable()) : throw Invalid();
    }

    private bool Take(string token)
    {
        Skip();
        if (!_text[_at..].StartsWith(token) || (token == "*" && _text[_at..].StartsWith("**")))
        {
            return false;
        }

        _at += token.Length;
        return true;
    }

    private void Skip()
    {
        while (_at < _text.Length && _text[_at] == ' ')
        {
            _at++;
        }
    }

    private readonly TandemException Invalid() => new(ErrorCode.ExportedProgramInvalid, "a symbolic expression cannot be read",
        new ErrorDetails { Location = $"character {_at}", Expected = "integers and symbols with + - * // % ** and functions", Found = _text.ToString() });
}
