using System.Text;

namespace Tandem.Cli.Tokenization;

/// <summary>Turns bytes that come in pieces into text, holding back a character until it is whole.</summary>
internal sealed class Utf8Stream
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    /// <summary>Adds bytes.</summary>
    /// <returns>The characters that are whole now.</returns>
    public string Append(ReadOnlySpan<byte> bytes) => Decode(bytes, flush: false);

    /// <summary>Ends the text.</summary>
    /// <returns>What was held back, as replacement characters.</returns>
    public string Flush() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        Span<char> characters = stackalloc char[bytes.Length + 4];
        return new string(characters[.._decoder.GetChars(bytes, characters, flush)]);
    }
}
