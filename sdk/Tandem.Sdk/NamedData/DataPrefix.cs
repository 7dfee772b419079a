using System.Buffers.Binary;

namespace Tandem.Sdk;

/// <summary>Length and first 32 bytes: tells most blobs apart, so that only those that agree here are hashed.</summary>
internal readonly record struct DataPrefix
{
    internal const int Size = 32;

    private readonly long _length;
    private readonly UInt128 _first;
    private readonly UInt128 _second;

    internal DataPrefix(long length, ReadOnlySpan<byte> bytes)
    {
        _length = length;
        _first = BinaryPrimitives.ReadUInt128LittleEndian(bytes);
        _second = BinaryPrimitives.ReadUInt128LittleEndian(bytes[16..]);
    }
}
