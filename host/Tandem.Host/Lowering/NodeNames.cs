using System.Globalization;
using System.Text;

namespace Tandem.Host.Lowering;

/// <summary>
/// Short forms of names and numbers: "linear_3" of an operator aten::linear is 3, "linear" is 0, runs of numbers are "3-7", and what does not fit is written
/// out behind an apostrophe. All are separated by spaces.
/// </summary>
internal static class NodeNames
{
    /// <summary>Writes names of nodes with one operator.</summary>
    internal static string Write(string op, IEnumerable<string> names)
    {
        var stem = Stem(op);
        return Join(names.Select(name => Number(stem, name) is { } number ? (number, null) : (0, (string?)("'" + Uri.EscapeDataString(name)))));
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="FormatException">It is damaged, or has more than <paramref name="limit"/> names.</exception>
    internal static List<string> Read(string op, string text, int limit)
    {
        var stem = Stem(op);
        var names = new List<string>();
        foreach (var token in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (token[0] == '\'')
            {
                names.Add(Uri.UnescapeDataString(token[1..]));
            }
            else
            {
                names.AddRange(Range(token, limit - names.Count).Select(number => number == 0 ? stem : string.Create(CultureInfo.InvariantCulture, $"{stem}_{number}")));
            }

            if (names.Count > limit)
            {
                throw new FormatException("too many nodes");
            }
        }

        return names;
    }

    /// <summary>Writes numbers from 0 up.</summary>
    internal static string WriteNumbers(IEnumerable<int> numbers) => Join(numbers.Select(number => (number, (string?)null)));

    /// <summary>Reads what <see cref="WriteNumbers"/> wrote.</summary>
    /// <exception cref="FormatException">It is damaged, or a number is not below <paramref name="end"/>.</exception>
    internal static List<int> ReadNumbers(string text, int end)
    {
        var numbers = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(token => Range(token, end)).Take(end + 1).ToList();
        return numbers.Count <= end && numbers.TrueForAll(number => number < end) ? numbers : throw new FormatException($"an index outside {end}");
    }

    private static string Join(IEnumerable<(int Number, string? Text)> items)
    {
        var text = new StringBuilder();
        var (first, last) = (-1, -1);
        foreach (var (number, literal) in items)
        {
            if (literal is null && first >= 0 && number == last + 1)
            {
                last = number;
                continue;
            }

            Flush();
            (first, last) = literal is null ? (number, number) : (-1, -1);
            if (literal is not null)
            {
                Append(literal);
            }
        }

        Flush();
        return text.ToString();

        void Flush()
        {
            if (first >= 0)
            {
                Append(first == last ? first.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{first}-{last}"));
            }
        }

        void Append(string item) => text.Append(text.Length > 0 ? " " : "").Append(item);
    }

    private static IEnumerable<int> Range(string token, int limit)
    {
        var dash = token.IndexOf('-', StringComparison.Ordinal);
        var first = int.Parse(dash < 0 ? token : token[..dash], NumberStyles.None, CultureInfo.InvariantCulture);
        var last = dash < 0 ? first : int.Parse(token[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture);
        return last >= first && last - first < limit ? Enumerable.Range(first, last - first + 1) : throw new FormatException($"the range '{token}'");
    }

    private static string Stem(string op)
    {
        var start = op.LastIndexOf(':') + 1;
        var end = op.IndexOf('.', start);
        return op[start..(end < 0 ? op.Length : end)];
    }

    private static int? Number(string stem, string name)
    {
        if (name == stem)
        {
            return 0;
        }

        return name.Length > stem.Length + 1 && name.StartsWith(stem, StringComparison.Ordinal) && name[stem.Length] == '_' && name[stem.Length + 1] != '0'
            && int.TryParse(name.AsSpan(stem.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < int.MaxValue ? number : null;
    }
}
