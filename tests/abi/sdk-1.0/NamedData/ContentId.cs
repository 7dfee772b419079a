namespace Tandem.Sdk;

/// <summary>Identity of a sequence of bytes: its length and a 128 bit hash, confirmed by the host byte for byte where two sources claim the same.</summary>
/// <param name="Length">Number of bytes.</param>
/// <param name="High">Upper half of the hash.</param>
/// <param name="Low">Lower half of the hash.</param>
public readonly record struct ContentId(long Length, ulong High, ulong Low)
{
    /// <summary>The hash in hexadecimal digits, then the length.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{High:x16}{Low:x16}-{Length}";
}
