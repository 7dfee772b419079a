using System.Text;
using System.Text.RegularExpressions;

namespace Tandem.Cli.Tokenization;

/// <summary>GPT-2's splitting of text and its alphabet of printable characters for bytes.</summary>
internal static partial class ByteLevelPattern
{
    private static readonly Dictionary<char, byte> ByteByCharacter = CreateAlphabet();

    /// <summary>GPT-2's pattern: contractions, words, numbers, other characters, white space.</summary>
    [GeneratedRegex(@"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    public static partial Regex Gpt2 { get; }

    /// <summary>The bytes that a vocabulary piece stands for; characters outside the alphabet stand for themselves.</summary>
    public static byte[] ToBytes(string piece)
    {
        var bytes = new List<byte>(piece.Length);
        foreach (var character in piece)
        {
            if (ByteByCharacter.TryGetValue(character, out var value))
            {
                bytes.Add(value);
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(character.ToString()));
            }
        }

        return [.. bytes];
    }

    // Printable Latin-1 characters stand for themselves; the other bytes follow from U+0100 on.
    private static Dictionary<char, byte> CreateAlphabet()
    {
        var alphabet = new Dictionary<char, byte>();
        var next = 256;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE;
            alphabet[(char)(printable ? value : next++)] = (byte)value;
        }

        return alphabet;
    }
}
