using System.Buffers.Binary;
using System.Text;
using Tandem.Sdk;

namespace Tandem.Host.Import.Archives;

/// <summary>Reads the central directory of a ZIP archive that is the whole of a file or a stored member of another archive.</summary>
/// <remarks>
/// Members are found by the central directory only, and every local header must agree with it: two readers that trust different halves of an archive
/// see two models. Members must not overlap. Offsets are checked before anything is read through them.
/// </remarks>
internal sealed unsafe class ZipDirectory
{
    private const uint EndSignature = 0x06054b50;
    private const uint End64Signature = 0x06064b50;
    private const uint Locator64Signature = 0x07064b50;
    private const uint EntrySignature = 0x02014b50;
    private const uint LocalSignature = 0x04034b50;
    private const int EndSize = 22;
    private const int EntrySize = 46;
    private const int LocalSize = 30;

    private static readonly UTF8Encoding StrictUtf8 = new(false, true);

    private readonly ArchiveFile _file;
    private readonly long _base;
    private readonly long _length;
    private readonly string _name;

    private ZipDirectory(ArchiveFile file, long offset, long length, string name) => (_file, _base, _length, _name) = (file, offset, length, name);

    /// <summary>Reads the directory.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Offset of the archive's first byte in it.</param>
    /// <param name="length">Length of the archive.</param>
    /// <param name="name">Name for messages.</param>
    /// <returns>The members in the order of the directory; folders are left out.</returns>
    internal static List<ArchiveMember> Read(ArchiveFile file, long offset, long length, string name)
    {
        var members = new ZipDirectory(file, offset, length, name).Read();
        GC.KeepAlive(file);
        return members;
    }

    private List<ArchiveMember> Read()
    {
        if (_length < EndSize || ReadUInt32(0) is not (LocalSignature or EndSignature))
        {
            throw new TandemException(ErrorCode.FormatNotRecognised, "this is no archive of torch.export", new ErrorDetails
            {
                File = _name,
                Expected = "a ZIP archive (.pt2)",
                Found = _length < 4 ? $"{_length} bytes" : $"first bytes {Convert.ToHexStringLower(Bytes(0, 4))}",
            });
        }

        var (count, start, size, limit) = FindDirectory();
        var members = new List<ArchiveMember>((int)Math.Min(count, 1024));
        var extents = new List<(long Start, long End, string Name)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var at = start;
        for (long i = 0; i < count; i++)
        {
            if (at > start + size - EntrySize || ReadUInt32(at) != EntrySignature)
            {
                throw Invalid($"central directory, entry {i}", "the central directory ends early", $"{count} entries", $"{i}");
            }

            var (member, headerStart, entrySize) = ReadEntry(at, start + size, limit, i);
            if (!names.Add(member.Name))
            {
                throw Invalid(member.Name, "two members have one name");
            }

            extents.Add((headerStart, member.Offset - _base + member.StoredLength, member.Name));
            if (!member.Name.EndsWith('/'))
            {
                members.Add(member);
            }

            at += entrySize;
        }

        if (at != start + size)
        {
            throw Invalid("central directory", "the central directory is longer than its entries", $"{at - start} bytes", $"{size} bytes");
        }

        extents.Sort(static (left, right) => left.Start.CompareTo(right.Start));
        for (var i = 1; i < extents.Count; i++)
        {
            if (extents[i].Start < extents[i - 1].End)
            {
                throw Invalid(extents[i].Name, "members overlap", null, $"'{extents[i - 1].Name}' and '{extents[i].Name}'");
            }
        }

        return members;
    }

    private (long Count, long Start, long Size, long Limit) FindDirectory()
    {
        // The end may be followed by a comment, which may hold what looks like an end.
        var end = -1L;
        var tailStart = Math.Max(0, _length - EndSize - ushort.MaxValue);
        var tail = Bytes(tailStart, (int)(_length - tailStart));
        for (var at = tail.LastIndexOf("PK\u0005\u0006"u8); at >= 0 && end < 0; at = tail[..at].LastIndexOf("PK\u0005\u0006"u8))
        {
            if (tail.Length - at >= EndSize && BinaryPrimitives.ReadUInt16LittleEndian(tail[(at + 20)..]) == tail.Length - EndSize - at)
            {
                end = tailStart + at;
            }
        }

        if (end < 0)
        {
            throw new TandemException(ErrorCode.SourceTruncated, "the archive has no end", new ErrorDetails
            {
                File = _name,
                Expected = "a central directory at the end",
                Found = $"{_length} bytes without one",
                NextStep = "copy or download the archive again",
            });
        }

        long count = ReadUInt16(end + 10);
        long size = ReadUInt32(end + 12);
        long start = ReadUInt32(end + 16);
        var limit = end;
        if (ReadUInt16(end + 4) is not (0 or 0xffff) || ReadUInt16(end + 6) is not (0 or 0xffff) || ReadUInt16(end + 8) != count)
        {
            throw NotSupported(null, "the archive is one part of several");
        }

        if (end >= 20 && ReadUInt32(end - 20) == Locator64Signature)
        {
            var at = ReadInt64(end - 12, "end of the central directory");
            if (at < 0 || at > end - 20 - 56 || ReadUInt32(at) != End64Signature)
            {
                throw Invalid($"byte {end - 20}", "the 64 bit end of the central directory is missing");
            }

            limit = at;
            var (count64, size64, start64) = (ReadInt64(at + 32, "entry count"), ReadInt64(at + 40, "directory size"), ReadInt64(at + 48, "directory offset"));
            if (ReadUInt32(at + 16) != 0 || ReadUInt32(at + 20) != 0 || ReadInt64(at + 24, "entry count") != count64)
            {
                throw NotSupported(null, "the archive is one part of several");
            }

            if ((count != 0xffff && count != count64) || (size != uint.MaxValue && size != size64) || (start != uint.MaxValue && start != start64))
            {
                throw Invalid($"byte {at}", "the two ends of the central directory disagree");
            }

            (count, size, start) = (count64, size64, start64);
        }

        if (start > limit || size > limit - start || start + size != limit)
        {
            throw Invalid("central directory", "the central directory is not where the archive says", $"it ends at {limit}", $"offset {start}, {size} bytes");
        }

        return count <= ArchiveLimits.Members ? (count, start, size, limit)
            : throw ArchiveErrors.TooLarge(_name, null, "the archive has too many members", $"at most {ArchiveLimits.Members}", count.ToString());
    }

    private (ArchiveMember Member, long HeaderStart, int EntrySize) ReadEntry(long at, long directoryEnd, long limit, long index)
    {
        var flags = ReadUInt16(at + 8);
        var method = ReadUInt16(at + 10);
        var crc = ReadUInt32(at + 16);
        long stored = ReadUInt32(at + 20);
        long length = ReadUInt32(at + 24);
        var (nameLength, extraLength, commentLength) = (ReadUInt16(at + 28), ReadUInt16(at + 30), ReadUInt16(at + 32));
        long header = ReadUInt32(at + 42);
        var entrySize = EntrySize + nameLength + extraLength + commentLength;
        if (entrySize > directoryEnd - at)
        {
            throw Invalid($"central directory, entry {index}", "an entry reaches over the end of the directory");
        }

        var name = ReadName(at + EntrySize, nameLength, index);
        (length, stored, header) = Widen(name, at + EntrySize + nameLength, extraLength, length, stored, header);
        if ((flags & 0x2041) != 0)
        {
            throw NotSupported(name, "the member is encrypted");
        }

        if (method is not (0 or 8))
        {
            throw NotSupported(name, "the member's compression is unknown", "0 (stored) or 8 (deflated)", method.ToString());
        }

        if (method == 0 && stored != length)
        {
            throw Invalid(name, "a stored member has two lengths", $"{length} bytes", $"{stored} bytes");
        }

        if (header > limit - LocalSize || ReadUInt32(header) != LocalSignature)
        {
            throw Invalid(name, "the member's local header is missing", null, $"offset {header}");
        }

        CheckLocalHeader(name, header, at, nameLength, flags, method, crc, stored, length);
        var data = header + LocalSize + ReadUInt16(header + 26) + ReadUInt16(header + 28);
        if (data > limit || stored > limit - data)
        {
            throw Invalid(name, "the member reaches into the central directory or beyond", $"at most {limit - Math.Min(data, limit)} bytes", $"{stored} bytes at {data}");
        }

        // No deflated stream becomes longer than 1032 times itself.
        if (method == 8 && length > (stored * (Int128)1032) + 64)
        {
            throw ArchiveErrors.TooLarge(_name, name, "the member says that it inflates to more than deflating can", $"at most 1032 times {stored} bytes", $"{length} bytes");
        }

        return (new ArchiveMember(name, _base + data, stored, length, crc, method == 8), header, entrySize);
    }

    private void CheckLocalHeader(string name, long header, long entry, int nameLength, int flags, int method, uint crc, long stored, long length)
    {
        var (localName, localExtra) = (ReadUInt16(header + 26), ReadUInt16(header + 28));
        if (localName != nameLength || header + LocalSize + localName + localExtra > _length
            || !Bytes(header + LocalSize, localName).SequenceEqual(Bytes(entry + EntrySize, nameLength)))
        {
            throw Invalid(name, "the member's local header has another name");
        }

        if (ReadUInt16(header + 8) != method || ((ReadUInt16(header + 6) ^ flags) & 0x2809) != 0)
        {
            throw Invalid(name, "local header and central directory disagree on the member's flags or compression");
        }

        var (localCrc, localStored, localLength) = (ReadUInt32(header + 14), (long)ReadUInt32(header + 18), (long)ReadUInt32(header + 22));
        var isDeferred = (flags & 8) != 0;
        if (localStored == uint.MaxValue || localLength == uint.MaxValue)
        {
            (localLength, localStored, _) = Widen(name, header + LocalSize + localName, localExtra, localLength, localStored, 0);
        }

        // With a data descriptor the local fields are zero, or what they will be.
        if (!(Agree(localCrc, crc) && Agree(localStored, stored) && Agree(localLength, length)))
        {
            throw Invalid(name, "local header and central directory disagree on the member's lengths or checksum",
                $"{length} bytes, {stored} stored, CRC {crc:x8}", $"{localLength} bytes, {localStored} stored, CRC {localCrc:x8}");
        }

        bool Agree(long local, long central) => local == central || (isDeferred && local == 0);
    }

    // Fields of all ones stand in the Zip64 extra field, in this order.
    private (long Length, long Stored, long Header) Widen(string name, long extra, int extraLength, long length, long stored, long header)
    {
        if (length != uint.MaxValue && stored != uint.MaxValue && header != uint.MaxValue)
        {
            return (length, stored, header);
        }

        for (var at = extra; at + 4 <= extra + extraLength;)
        {
            var (id, size) = (ReadUInt16(at), ReadUInt16(at + 2));
            var (from, end) = (at + 4, at + 4 + size);
            if (end > extra + extraLength)
            {
                break;
            }

            if (id == 1)
            {
                length = Next(length);
                stored = Next(stored);
                header = Next(header);
                return (length, stored, header);
            }

            at = end;

            long Next(long value)
            {
                if (value != uint.MaxValue)
                {
                    return value;
                }

                if (from + 8 > end)
                {
                    throw Invalid(name, "the member's 64 bit lengths are missing");
                }

                from += 8;
                return ReadInt64(from - 8, name);
            }
        }

        throw Invalid(name, "the member's 64 bit lengths are missing");
    }

    private string ReadName(long at, int length, long index)
    {
        string name;
        try
        {
            name = StrictUtf8.GetString(Bytes(at, length));
        }
        catch (ArgumentException)
        {
            throw Invalid($"central directory, entry {index}", "a member's name is not UTF-8");
        }

        // Nothing is ever unpacked to a path; a name that tries to leave a folder is an attack on somebody else, or a damaged file.
        if (name.Length == 0 || name[0] == '/' || name.Contains('\\') || name.Any(char.IsControl)
            || name.Split('/') is var parts && parts.Any(part => part is ".." or "."))
        {
            throw Invalid($"central directory, entry {index}", "a member's name is no relative path", "names as 'model/models/model.json'", name);
        }

        return name;
    }

    private ReadOnlySpan<byte> Bytes(long at, int length) => at >= 0 && at <= _length - length ? new ReadOnlySpan<byte>(_file.Pointer + _base + at, length)
        : throw Invalid($"byte {at}", "the archive refers outside of itself");

    private int ReadUInt16(long at) => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(at, 2));

    private uint ReadUInt32(long at) => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(at, 4));

    private long ReadInt64(long at, string what) => BinaryPrimitives.ReadInt64LittleEndian(Bytes(at, 8)) is >= 0 and var value ? value
        : throw Invalid(what, "a 64 bit length is impossible");

    private TandemException Invalid(string? location, string problem, string? expected = null, string? found = null) =>
        ArchiveErrors.Invalid(_name, location, problem, expected, found);

    private TandemException NotSupported(string? location, string problem, string? expected = null, string? found = null) =>
        ArchiveErrors.NotSupported(_name, location, problem, expected, found);
}
