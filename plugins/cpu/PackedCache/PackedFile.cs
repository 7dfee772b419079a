using System.Buffers.Binary;

namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>
/// The layout of a file of the cache: a page of header, the packed bytes, and zeros that a kernel may read past the end. The header holds its own
/// checksum and that of the bytes, and repeats the key that the file is named by.
/// </summary>
internal static class PackedFile
{
    /// <summary>Offset of the bytes: a page, so that they are as aligned as the mapping.</summary>
    public const int HeaderBytes = 4096;

    /// <summary>Zeros behind the bytes.</summary>
    public const int TailBytes = 64;

    /// <summary>Bytes of a key.</summary>
    public const int KeyBytes = 32;

    private const ulong Magic = 0x314B434150444E54;
    private const uint Version = 2;
    private const int Used = 72;

    /// <summary>Bytes of a file.</summary>
    public static long FileBytes(long byteCount) => HeaderBytes + byteCount + TailBytes;

    /// <summary>Fills a header.</summary>
    public static void WriteHeader(Span<byte> header, ReadOnlySpan<byte> key, long byteCount, ulong checksum)
    {
        header.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], HeaderBytes);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], byteCount);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], checksum);
        key.CopyTo(header[32..]);
        BinaryPrimitives.WriteUInt64LittleEndian(header[64..], ContentChecksum.Compute(header[..64]));
    }

    /// <summary>Reads a header.</summary>
    /// <returns>Whether it is whole and says what is expected.</returns>
    public static bool TryReadHeader(ReadOnlySpan<byte> header, ReadOnlySpan<byte> key, long byteCount, out ulong checksum)
    {
        checksum = 0;
        if (header.Length < HeaderBytes
            || BinaryPrimitives.ReadUInt64LittleEndian(header) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(header[8..]) != Version
            || BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) != HeaderBytes
            || BinaryPrimitives.ReadInt64LittleEndian(header[16..]) != byteCount
            || !header.Slice(32, KeyBytes).SequenceEqual(key)
            || BinaryPrimitives.ReadUInt64LittleEndian(header[64..]) != ContentChecksum.Compute(header[..64])
            || header[Used..HeaderBytes].ContainsAnyExcept((byte)0))
        {
            return false;
        }

        checksum = BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
        return true;
    }
}
