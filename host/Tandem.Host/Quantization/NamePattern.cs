namespace Tandem.Host.Quantization;

/// <summary>A pattern of names: "*" is any characters, "?" one. It matches a whole name, or the end of it after a dot.</summary>
internal static class NamePattern
{
    internal static bool Matches(string pattern, string name)
    {
        for (var start = 0; ;)
        {
            if (MatchesWhole(pattern, name.AsSpan(start)))
            {
                return true;
            }

            var dot = name.IndexOf('.', start);
            if (dot < 0)
            {
                return false;
            }

            start = dot + 1;
        }
    }

    // A star that fails later takes one more character; only the last one is ever tried again, so the work is bounded by the product of the lengths.
    private static bool MatchesWhole(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        var (p, n, star, taken) = (0, 0, -1, 0);
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, taken) = (p++, n);
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == name[n]))
            {
                p++;
                n++;
            }
            else if (star >= 0)
            {
                (p, n) = (star + 1, ++taken);
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }
}
