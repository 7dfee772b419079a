using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>SHA-256 of constants: a file cannot claim the identity of another's weights with less than the weights.</summary>
/// <remarks>
/// Reading all weights only to name them would cost a start more than mapping their packed forms. What was hashed is noted in the cache's folder under
/// the state of the file that the bytes are mapped from (<see cref="DataHandle.FileStamp"/>): while that file is untouched, the note stands. Bytes that
/// come from elsewhere are hashed each time.
/// </remarks>
internal sealed unsafe class ContentDigests(PackedCacheFolder folder, PackedCacheOptions options)
{
    private const ulong Magic = 0x31534554444E54;
    private const int MaxBytes = 1 << 24;
    private const int EntryBytes = 8 + 8 + 32;

    private readonly Dictionary<string, Notes> _notes = new(StringComparer.Ordinal);

    /// <summary>Bytes that were hashed.</summary>
    public long HashedBytes { get; private set; }

    /// <summary>Finds or computes the digests of handles.</summary>
    /// <param name="handles">The handles.</param>
    /// <param name="pool">Threads for hashing.</param>
    /// <returns>64 hexadecimal digits for each.</returns>
    public string[] Of(IReadOnlyList<DataHandle> handles, ComputePool? pool)
    {
        var digests = new string[handles.Count];
        var stamps = new string?[handles.Count];
        var missing = new List<int>();
        for (var i = 0; i < digests.Length; i++)
        {
            stamps[i] = handles[i].FileStamp;
            if (stamps[i] is { } stamp && Load(stamp).Digests.TryGetValue((handles[i].FileOffset, handles[i].Length), out var digest))
            {
                digests[i] = digest;
            }
            else
            {
                missing.Add(i);
            }
        }

        if (missing.Count == 0)
        {
            return digests;
        }

        var work = new HashWork(handles, digests, missing);
        if (pool is null)
        {
            ((IParallelWork)work).Execute(0, missing.Count, 0);
        }
        else
        {
            pool.Run(missing.Count, 1, work);
        }

        foreach (var i in missing)
        {
            HashedBytes += handles[i].Length;

            // The file was not written while it was read.
            if (stamps[i] is { } stamp && handles[i].FileStamp == stamp)
            {
                var notes = Load(stamp);
                notes.IsChanged |= notes.Digests.TryAdd((handles[i].FileOffset, handles[i].Length), digests[i]);
            }
        }

        foreach (var (stamp, notes) in _notes)
        {
            if (notes.IsChanged)
            {
                folder.TryWrite(NameOf(stamp), Serialize(stamp, notes.Digests), options.MaxBytes);
                notes.IsChanged = false;
            }
        }

        return digests;
    }

    private Notes Load(string stamp)
    {
        if (!_notes.TryGetValue(stamp, out var notes))
        {
            _notes[stamp] = notes = new Notes();
            if (folder.TryRead(NameOf(stamp), MaxBytes) is { } bytes)
            {
                Read(bytes, stamp, notes.Digests);
            }
        }

        return notes;
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

    private sealed class Notes
    {
        public Dictionary<(long Offset, long Length), string> Digests { get; } = [];

        public bool IsChanged { get; set; }
    }

    private sealed class HashWork(IReadOnlyList<DataHandle> handles, string[] digests, List<int> missing) : IParallelWork
    {
        void IParallelWork.Execute(int start, int end, int worker)
        {
            for (var i = start; i < end; i++)
            {
                var handle = handles[missing[i]];
                using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                for (long done = 0; done < handle.Length;)
                {
                    var step = (int)Math.Min(handle.Length - done, 1 << 24);
                    hash.AppendData(new ReadOnlySpan<byte>(handle.Pointer + done, step));
                    done += step;
                }

                digests[missing[i]] = Convert.ToHexStringLower(hash.GetHashAndReset());
            }
        }
    }
}
