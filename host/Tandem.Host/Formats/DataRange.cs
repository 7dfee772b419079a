namespace Tandem.Host.Formats;

/// <summary>Bytes of a source: absolute offset and length, checked against the source when the program was verified.</summary>
/// <param name="Offset">Offset of the first byte from the start of the source.</param>
/// <param name="Length">Number of bytes.</param>
public readonly record struct DataRange(long Offset, long Length)
{
    /// <summary>Offset one past the last byte.</summary>
    public long End => Offset + Length;
}
