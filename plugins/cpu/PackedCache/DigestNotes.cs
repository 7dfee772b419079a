using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>
/// Digests that are noted in the cache's folder, one file for each state of a file that weights come from. Those of the files used last stay in memory:
/// each graph of a program asks for some of them.
/// </summary>
/// <param name="folder">The folder.</param>
internal sealed class DigestNotes(PackedCacheFolder folder)
{
    private const ulong Magic = 0x31534554444E54;
    private const int MaxBytes = 1 << 24;
    private const int EntryBytes = 8 + 8 + 32;
    private const int MaxStamps = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Dictionary<(long Offset, long Length), string>> _notes = new(StringComparer.Ordinal);

    /// <summary>The digest of a range of a file in a state; null if it is not noted.</summary>
    public string? Find(string stamp, long offset, long length)
    {
        lock (_gate)
        {
            return Load(stamp).GetValueOrDefault((offset, length));
        }
    }

    /// <summary>Notes a digest in memory.</summary>
    /// <returns>Whether it was not there.</returns>
    public bool Add(string stamp, long offset, long length, string digest)
    {
        lock (_gate)
        {
            return Load(stamp).TryAdd((offset, length), digest);
        }
    }

    /// <summary>Writes what is noted for a state into the folder.</summary>
    public void Write(string stamp, long maxBytes)
    {
        byte[] bytes;
        lock (_gate)
        {
            bytes = Serialize(stamp, Load(stamp));
        }

        folder.TryWrite(NameOf(stamp), bytes, maxBytes);
    }

    private Dictionary<(long Offset, long Length), string> Load(string stamp)
    {
        if (!_notes.TryGetValue(stamp, out var digests))
        {
            if (_notes.Count == MaxStamps)
            {
                _notes.Clear();
            }

            _notes[stamp] = digests = [];
            if (folder.TryRead(NameOf(stamp), MaxBytes) is { } bytes)
            {
                Read(bytes, stamp, digests);
            }
        }

        return digests;
    }

    private static string NameOf(string stamp) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(stamp))) + PackedCacheFolder.NotesExtension;

    // Magic, checksum of what follows, length of the stamp, the stamp, entries.
    private static byte[] Serialize(string stamp, Dictionary<(long Offset, long Length), string> digests)
    {
        var name = Encoding.UTF8.GetBytes(stamp);
        var bytes = new byte[24 + name.Length + (digests.Count * EntryBytes)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), name.Length);
        name.CopyTo(bytes, 24);
        var target = bytes.AsSpan(24 + name.Length);
        foreach (var ((offset, length), digest) in digests)
        {
            BinaryPrimitives.WriteInt64LittleEndian(target, offset);
            BinaryPrimitives.WriteInt64LittleEndian(target[8..], length);
            Convert.FromHexString(digest).CopyTo(target[16..]);
            target = target[EntryBytes..];
        }

        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), ContentChecksum.Compute(bytes.AsSpan(16)));
        return bytes;
    }

    private static void Read(ReadOnlySpan<byte> bytes, string stamp, Dictionary<(long Offset, long Length), string> digests)
    {
        var name = Encoding.UTF8.GetBytes(stamp);
        if (bytes.Length < 24 + name.Length
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) != ContentChecksum.Compute(bytes[16..])
            || BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]) != name.Length
            || !bytes.Slice(24, name.Length).SequenceEqual(name))
        {
            return;
        }

        for (bytes = bytes[(24 + name.Length)..]; bytes.Length >= EntryBytes; bytes = bytes[EntryBytes..])
        {
            digests[(BinaryPrimitives.ReadInt64LittleEndian(bytes), BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]))] =
                Convert.ToHexStringLower(bytes.Slice(16, 32));
        }
    }
}
