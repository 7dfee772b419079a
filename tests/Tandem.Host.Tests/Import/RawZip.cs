using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace Tandem.Host.Tests.Import;

/// <summary>Writes ZIP archives field by field, also wrong ones.</summary>
internal sealed class RawZip
{
    private readonly List<Entry> _entries = [];

    /// <summary>Writes 64 bit lengths and the 64 bit end of the directory.</summary>
    internal bool IsZip64 { get; init; }

    internal RawZip Add(string name, byte[] data, Action<Entry>? change = null)
    {
        var entry = new Entry { Name = name, LocalName = name, Data = data, Length = data.Length, StoredLength = data.Length, Crc = Crc32.HashToUInt32(data) };
        change?.Invoke(entry);
        _entries.Add(entry);
        return this;
    }

    internal RawZip Add(string name, string text, Action<Entry>? change = null) => Add(name, Encoding.UTF8.GetBytes(text), change);

    internal RawZip AddDeflated(string name, byte[] data, Action<Entry>? change = null)
    {
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            deflate.Write(data);
        }

        return Add(name, packed.ToArray(), entry =>
        {
            (entry.Method, entry.Length, entry.Crc) = (8, data.Length, Crc32.HashToUInt32(data));
            change?.Invoke(entry);
        });
    }

    internal byte[] ToArray()
    {
        var file = new List<byte>();
        foreach (var entry in _entries)
        {
            entry.Offset ??= file.Count;
            WriteHeader(file, entry, isCentral: false);
            file.AddRange(entry.Data);
        }

        var start = file.Count;
        foreach (var entry in _entries)
        {
            WriteHeader(file, entry, isCentral: true);
        }

        var size = file.Count - start;
        if (IsZip64)
        {
            var at = file.Count;
            Write(file, 4, 0x06064b50);
            Write(file, 8, 44);
            Write(file, 4, 0x002d002d);
            Write(file, 8, 0);
            Write(file, 8, _entries.Count);
            Write(file, 8, _entries.Count);
            Write(file, 8, size);
            Write(file, 8, start);
            Write(file, 4, 0x07064b50);
            Write(file, 4, 0);
            Write(file, 8, at);
            Write(file, 4, 1);
        }

        Write(file, 4, 0x06054b50);
        Write(file, 4, 0);
        Write(file, 2, IsZip64 ? 0xffff : _entries.Count);
        Write(file, 2, IsZip64 ? 0xffff : _entries.Count);
        Write(file, 4, IsZip64 ? uint.MaxValue : size);
        Write(file, 4, IsZip64 ? uint.MaxValue : start);
        Write(file, 2, 0);
        return [.. file];
    }

    private void WriteHeader(List<byte> file, Entry entry, bool isCentral)
    {
        var name = Encoding.UTF8.GetBytes(isCentral ? entry.Name : entry.LocalName);
        Write(file, 4, isCentral ? 0x02014b50 : 0x04034b50);
        if (isCentral)
        {
            Write(file, 2, 20);
        }

        Write(file, 2, 20);
        Write(file, 2, entry.Flags);
        Write(file, 2, isCentral ? entry.Method : entry.LocalMethod ?? entry.Method);
        Write(file, 4, 0);
        Write(file, 4, isCentral ? entry.Crc : entry.LocalCrc ?? entry.Crc);
        Write(file, 4, IsZip64 ? uint.MaxValue : entry.StoredLength);
        Write(file, 4, IsZip64 ? uint.MaxValue : entry.Length);
        Write(file, 2, name.Length);
        Write(file, 2, IsZip64 ? (isCentral ? 28 : 20) : 0);
        if (isCentral)
        {
            Write(file, 2, 0);
            Write(file, 2, 0);
            Write(file, 2, 0);
            Write(file, 4, 0);
            Write(file, 4, IsZip64 ? uint.MaxValue : entry.Offset!.Value);
        }

        file.AddRange(name);
        if (IsZip64)
        {
            Write(file, 2, 1);
            Write(file, 2, isCentral ? 24 : 16);
            Write(file, 8, entry.Length);
            Write(file, 8, entry.StoredLength);
            if (isCentral)
            {
                Write(file, 8, entry.Offset!.Value);
            }
        }
    }

    private static void Write(List<byte> file, int size, long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        file.AddRange(bytes[..size]);
    }

    internal sealed class Entry
    {
        internal required string Name { get; set; }

        internal required string LocalName { get; set; }

        internal required byte[] Data { get; init; }

        internal long Length { get; set; }

        internal long StoredLength { get; set; }

        internal uint Crc { get; set; }

        internal uint? LocalCrc { get; set; }

        internal int Method { get; set; }

        internal int? LocalMethod { get; set; }

        internal int Flags { get; set; }

        internal long? Offset { get; set; }
    }
}
