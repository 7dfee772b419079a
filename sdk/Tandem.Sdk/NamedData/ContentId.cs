namespace Tandem.Sdk;

/// <summary>
/// Identity of a sequence of bytes in this process: its length and a number. The host compares byte for byte, so equal bytes have one number for as long
/// as anybody holds them or the program that they come from is loaded, and no other bytes ever get it.
/// </summary>
/// <param name="Length">Number of bytes.</param>
/// <param name="High">Upper half of the number.</param>
/// <param name="Low">Lower half of the number.</param>
public readonly record struct ContentId(long Length, ulong High, ulong Low)
{
    /// <summary>The number in hexadecimal digits, then the length.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{High:x16}{Low:x16}-{Length}";
}
