namespace Tandem.Host.Replay;

/// <summary>Python writes NaN, Infinity and -Infinity into JSON, which the standard forbids: they become null.</summary>
internal static class PythonJson
{
    /// <summary>Replaces the words outside of strings, in place: each becomes "null" and spaces.</summary>
    internal static byte[] Sanitize(byte[] json)
    {
        var isString = false;
        for (var i = 0; i < json.Length; i++)
        {
            if (isString)
            {
                i += json[i] == '\\' ? 1 : 0;
                isString = i >= json.Length || json[i] != '"';
            }
            else if (json[i] == '"')
            {
                isString = true;
            }
            else
            {
                i += Replace(json.AsSpan(i));
            }
        }

        return json;
    }

    private static int Replace(Span<byte> rest)
    {
        foreach (var word in (ReadOnlySpan<string>)["-Infinity", "Infinity", "NaN"])
        {
            if (rest.Length > word.Length && Matches(rest, word))
            {
                // NaN is shorter than null; a 0 says as little.
                ReadOnlySpan<byte> value = word.Length < 4 ? "0"u8 : "null"u8;
                rest[..word.Length].Fill((byte)' ');
                value.CopyTo(rest);
                return word.Length - 1;
            }
        }

        return 0;
    }

    private static bool Matches(ReadOnlySpan<byte> bytes, string word)
    {
        for (var i = 0; i < word.Length; i++)
        {
            if (bytes[i] != word[i])
            {
                return false;
            }
        }

        return true;
    }
}
