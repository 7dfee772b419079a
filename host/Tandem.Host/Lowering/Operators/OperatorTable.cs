using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Operators;

/// <summary>
/// Schemas of the operators that exported programs call, from operators.txt (build/update-operators.py writes it). Lines are parsed when they are asked
/// for. Thread-safe.
/// </summary>
internal static class OperatorTable
{
    private static readonly Lazy<Dictionary<string, object>> Rows = new(Load);

    /// <summary>Finds a schema.</summary>
    /// <param name="name">Full name: "aten::add.Tensor".</param>
    /// <param name="schema">The schema.</param>
    /// <returns>Whether the operator is known.</returns>
    public static bool TryGet(string name, [NotNullWhen(true)] out OperatorSchema? schema)
    {
        schema = null;
        var rows = Rows.Value;
        lock (rows)
        {
            if (!rows.TryGetValue(name, out var row))
            {
                return false;
            }

            if (row is string text)
            {
                rows[name] = row = Parse(text);
            }

            schema = (OperatorSchema)row;
            return true;
        }
    }

    /// <summary>Finds a schema that must be there.</summary>
    /// <param name="name">Full name.</param>
    /// <returns>The schema.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OperatorMissing"/>.</exception>
    public static OperatorSchema Get(string name) => TryGet(name, out var schema) ? schema
        : throw new TandemException(ErrorCode.OperatorMissing, "the operator is unknown", new ErrorDetails { Location = name, NextStep = "export the model without it" });

    private static Dictionary<string, object> Load()
    {
        using var stream = typeof(OperatorTable).Assembly.GetManifestResourceStream("Tandem.Host.Lowering.Operators.operators.txt")!;
        using var reader = new StreamReader(stream);
        var rows = new Dictionary<string, object>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            rows.Add(line[..line.IndexOf('(')], line);
        }

        return rows;
    }

    // "aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor => aten::add.out"
    private static OperatorSchema Parse(string row)
    {
        var (text, outVariant) = row.IndexOf(" => ", StringComparison.Ordinal) is >= 0 and var arrow ? (row[..arrow], row[(arrow + 4)..]) : (row, null);
        var open = text.IndexOf('(');
        var close = text.LastIndexOf(") -> ", StringComparison.Ordinal);
        var parameters = ImmutableArray.CreateBuilder<OperatorParameter>();
        var isKeywordOnly = false;
        foreach (var item in Split(text[(open + 1)..close]))
        {
            if (item == "*")
            {
                isKeywordOnly = true;
                continue;
            }

            var (type, isWritten) = WithoutAlias(item);
            var space = type.IndexOf(' ');
            var (name, standard) = type.IndexOf('=', space) is >= 0 and var equals ? (type[(space + 1)..equals], type[(equals + 1)..]) : (type[(space + 1)..], null);
            parameters.Add(new OperatorParameter(name, type[..space], standard, isKeywordOnly, isWritten));
        }

        var results = text[(close + 5)..];
        results = results.StartsWith('(') && results.EndsWith(')') ? results[1..^1] : results;
        return new OperatorSchema(text[..open], parameters.ToImmutable(), [.. Split(results).Select(item => WithoutAlias(item).Text.Split(' ')[0])], outVariant);
    }

    private static IEnumerable<string> Split(string list)
    {
        var (start, depth) = (0, 0);
        for (var i = 0; i <= list.Length; i++)
        {
            if (i == list.Length || (list[i] == ',' && depth == 0))
            {
                if (list[start..i].Trim() is { Length: > 0 } item)
                {
                    yield return item;
                }

                start = i + 1;
            }
            else
            {
                depth += list[i] is '(' or '[' ? 1 : list[i] is ')' or ']' ? -1 : 0;
            }
        }
    }

    // "Tensor(a!) self" and "Tensor(a -> *)[] self" without what stands in parentheses; defaults hold none.
    private static (string Text, bool IsWritten) WithoutAlias(string item)
    {
        var open = item.IndexOf('(');
        var close = item.IndexOf(')');
        return open < 0 || close < open ? (item, false) : (item.Remove(open, close - open + 1), item.AsSpan(open, close - open).Contains('!'));
    }
}
