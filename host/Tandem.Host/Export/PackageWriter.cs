using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Tandem.Sdk;

namespace Tandem.Host.Export;

/// <summary>
/// Writes a ZIP archive as torch does: members stored, each starting at a multiple of 64, checksums behind them, Zip64 where it is needed, no times. The
/// target is only appended to.
/// </summary>
internal sealed class PackageWriter(Stream target, string root)
{
    private const int Alignment = 64;
    private const int LocalSize = 30;
    private const int LocalExtra64 = 20;
    private const int PaddingHeader = 4;
    private const ushort Flags = 0x0808;
    private const int BufferSize = 1 << 18;

    private readonly List<Member> _members = [];
    private readonly byte[] _buffer = new byte[BufferSize];
    private long _position;

    /// <summary>Writes a member.</summary>
    /// <param name="name">Name below the root folder.</param>
    /// <param name="bytes">Its bytes.</param>
    internal void Add(string name, ReadOnlySpan<byte> bytes)
    {
        var member = Begin(name, bytes.Length);
        Write(bytes);
        End(member, Crc32.HashToUInt32(bytes));
    }

    /// <summary>Writes a member of text.</summary>
    internal void Add(string name, string text) => Add(name, Encoding.UTF8.GetBytes(text));

    /// <summary>Copies a member, a piece at a time.</summary>
    internal void Add(string name, DataContent content, CancellationToken cancellationToken)
    {
        var member = Begin(name, content.Length);
        var crc = new Crc32();
        for (long done = 0; done < content.Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var piece = _buffer.AsSpan(0, (int)Math.Min(BufferSize, content.Length - done));
            content.Read(done, piece);
            crc.Append(piece);
            Write(piece);
            done += piece.Length;
        }

        End(member, crc.GetCurrentHashAsUInt32());
    }

    /// <summary>Writes what marks the archive, then its directory.</summary>
    internal void Finish()
    {
        Add("archive_format", "pt2");
        Add("archive_version", "0");
        Add(".data/version", "6\n");
        Add("byteorder", "little");
        Add(".data/serialization_id", CreateId());
        var start = _position;
        foreach (var member in _members)
        {
            WriteEntry(member);
        }

        WriteEnd(start, _position - start);
    }

    // 40 digits that follow from the members, so that equal archives have equal ones.
    private string CreateId()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> facts = stackalloc byte[12];
        foreach (var member in _members)
        {
            hash.AppendData(member.Name);
            BinaryPrimitives.WriteInt64LittleEndian(facts, member.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(facts[8..], member.Crc);
            hash.AppendData(facts);
        }

        var number = new BigInteger(hash.GetHashAndReset(), isUnsigned: true) % BigInteger.Pow(10, 40);
        return number.ToString(CultureInfo.InvariantCulture).PadLeft(40, '0');
    }

    private Member Begin(string name, long length)
    {
        var member = new Member(Encoding.UTF8.GetBytes($"{root}/{name}"), _position, length);
        if (member.Name.Length > ushort.MaxValue)
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "the name of an archive's member is too long",
                new ErrorDetails { Expected = $"at most {ushort.MaxValue} bytes", Found = $"{member.Name.Length} bytes" });
        }

        var fields = LocalSize + member.Name.Length + (member.IsLong ? LocalExtra64 : 0) + PaddingHeader;
        var padding = (int)((Alignment - ((_position + fields) % Alignment)) % Alignment);
        var header = new byte[fields + padding];
        var span = header.AsSpan();
        BinaryPrimitives.WriteUInt32LittleEndian(span, 0x04034b50);
        BinaryPrimitives.WriteUInt16LittleEndian(span[4..], Version(member.IsLong));
        BinaryPrimitives.WriteUInt16LittleEndian(span[6..], Flags);
        if (member.IsLong)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(span[18..], ulong.MaxValue);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(span[26..], (ushort)member.Name.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(span[28..], (ushort)(header.Length - LocalSize - member.Name.Length));
        member.Name.CopyTo(span[LocalSize..]);
        var at = LocalSize + member.Name.Length;
        if (member.IsLong)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(span[at..], 1);
            BinaryPrimitives.WriteUInt16LittleEndian(span[(at + 2)..], LocalExtra64 - 4);
            at += LocalExtra64;
        }

        (span[at], span[at + 1]) = ((byte)'F', (byte)'B');
        BinaryPrimitives.WriteUInt16LittleEndian(span[(at + 2)..], (ushort)padding);
        span[(at + PaddingHeader)..].Fill((byte)'Z');
        Write(header);
        return member;
    }

    private void End(Member member, uint crc)
    {
        member.Crc = crc;
        Span<byte> descriptor = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(descriptor, 0x08074b50);
        BinaryPrimitives.WriteUInt32LittleEndian(descriptor[4..], crc);
        if (member.IsLong)
        {
            BinaryPrimitives.WriteInt64LittleEndian(descriptor[8..], member.Length);
            BinaryPrimitives.WriteInt64LittleEndian(descriptor[16..], member.Length);
            Write(descriptor);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(descriptor[8..], (uint)member.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(descriptor[12..], (uint)member.Length);
            Write(descriptor[..16]);
        }

        _members.Add(member);
    }

    private void WriteEntry(Member member)
    {
        var isFar = member.Offset >= uint.MaxValue;
        var values = (member.IsLong ? 2 : 0) + (isFar ? 1 : 0);
        var extra = values == 0 ? 0 : 4 + (values * 8);
        Span<byte> entry = stackalloc byte[46 + 28];
        entry.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(entry, 0x02014b50);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[4..], Version(extra > 0));
        BinaryPrimitives.WriteUInt16LittleEndian(entry[6..], Version(extra > 0));
        BinaryPrimitives.WriteUInt16LittleEndian(entry[8..], Flags);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[16..], member.Crc);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[20..], member.IsLong ? uint.MaxValue : (uint)member.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[24..], member.IsLong ? uint.MaxValue : (uint)member.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[28..], (ushort)member.Name.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[30..], (ushort)extra);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[42..], isFar ? uint.MaxValue : (uint)member.Offset);
        Write(entry[..46]);
        Write(member.Name);
        if (extra == 0)
        {
            return;
        }

        var field = entry[46..];
        BinaryPrimitives.WriteUInt16LittleEndian(field, 1);
        BinaryPrimitives.WriteUInt16LittleEndian(field[2..], (ushort)(values * 8));
        var at = 4;
        if (member.IsLong)
        {
            BinaryPrimitives.WriteInt64LittleEndian(field[at..], member.Length);
            BinaryPrimitives.WriteInt64LittleEndian(field[(at + 8)..], member.Length);
            at += 16;
        }

        if (isFar)
        {
            BinaryPrimitives.WriteInt64LittleEndian(field[at..], member.Offset);
        }

        Write(field[..extra]);
    }

    private void WriteEnd(long start, long size)
    {
        var isLong = start >= uint.MaxValue || size >= uint.MaxValue || _members.Count >= ushort.MaxValue;
        if (isLong)
        {
            var end64 = _position;
            Span<byte> record = stackalloc byte[56 + 20];
            record.Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(record, 0x06064b50);
            BinaryPrimitives.WriteInt64LittleEndian(record[4..], 44);
            BinaryPrimitives.WriteUInt16LittleEndian(record[12..], Version(true));
            BinaryPrimitives.WriteUInt16LittleEndian(record[14..], Version(true));
            BinaryPrimitives.WriteInt64LittleEndian(record[24..], _members.Count);
            BinaryPrimitives.WriteInt64LittleEndian(record[32..], _members.Count);
            BinaryPrimitives.WriteInt64LittleEndian(record[40..], size);
            BinaryPrimitives.WriteInt64LittleEndian(record[48..], start);
            BinaryPrimitives.WriteUInt32LittleEndian(record[56..], 0x07064b50);
            BinaryPrimitives.WriteInt64LittleEndian(record[64..], end64);
            BinaryPrimitives.WriteUInt32LittleEndian(record[72..], 1);
            Write(record);
        }

        Span<byte> end = stackalloc byte[22];
        end.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054b50);
        BinaryPrimitives.WriteUInt16LittleEndian(end[8..], isLong ? ushort.MaxValue : (ushort)_members.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(end[10..], isLong ? ushort.MaxValue : (ushort)_members.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(end[12..], isLong ? uint.MaxValue : (uint)size);
        BinaryPrimitives.WriteUInt32LittleEndian(end[16..], isLong ? uint.MaxValue : (uint)start);
        Write(end);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        target.Write(bytes);
        _position += bytes.Length;
    }

    private static ushort Version(bool isLong) => isLong ? (ushort)45 : (ushort)20;

    private sealed record Member(byte[] Name, long Offset, long Length)
    {
        public uint Crc { get; set; }

        public bool IsLong => Length >= uint.MaxValue;
    }
}
