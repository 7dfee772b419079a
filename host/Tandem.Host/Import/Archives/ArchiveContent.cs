using System.IO.Compression;
using System.IO.Hashing;
using Tandem.Sdk;

namespace Tandem.Host.Import.Archives;

/// <summary>The bytes of an archive's member: the mapping itself for a stored one, inflated at the first use for a deflated one.</summary>
/// <remarks>
/// The checksum is computed once, at the first use: importing an archive of many gigabytes touches the weights that nobody reads not at all.
/// Ownership: keeps the archive's mapping alive. Threading: all members may be called from any thread.
/// </remarks>
internal sealed unsafe class ArchiveContent : DataContent
{
    private readonly ArchiveFile _file;
    private readonly ArchiveMember _member;
    private readonly string _archiveName;
    private readonly Lock _lock = new();
    private byte[]? _inflated;
    private volatile bool _isVerified;

    internal ArchiveContent(ArchiveFile file, ArchiveMember member, string archiveName) => (_file, _member, _archiveName) = (file, member, archiveName);

    /// <inheritdoc/>
    public override long Length => _member.Length;

    /// <inheritdoc/>
    public override string Origin => $"{_archiveName}: {_member.Name}";

    /// <summary>CRC-32 as the archive says.</summary>
    internal uint Crc => _member.Crc;

    /// <summary>The file that holds a nested archive's bytes, and the offset at which they start; the member's checksum is verified.</summary>
    internal (ArchiveFile File, long Offset) AsFile()
    {
        Verify();
        return _inflated is { } bytes ? (new ArchiveFile(Formats.DataSource.FromMemory(Origin, bytes)), 0) : (_file, _member.Offset);
    }

    /// <summary>The verified bytes; at most 2^31-1. They stay where they are while this object is reachable.</summary>
    internal ReadOnlyMemory<byte> ToMemory()
    {
        Verify();
        if (_inflated is { } bytes)
        {
            return bytes;
        }

        return Length <= int.MaxValue ? new MappedMemory(_file, _member.Offset, (int)Length).Memory
            : throw ArchiveErrors.TooLarge(_archiveName, _member.Name, "the member is too long to be read at once", $"at most {int.MaxValue} bytes", $"{Length} bytes");
    }

    /// <summary>Whether the bytes are equal, compared where they are, without hashing.</summary>
    internal bool BytesEqual(ArchiveContent other)
    {
        if (Length != other.Length)
        {
            return false;
        }

        // What lies in the mapping is compared without its checksum, which is computed at the first use.
        EnsureInflated();
        other.EnsureInflated();
        for (long done = 0; done < Length;)
        {
            var step = (int)Math.Min(Length - done, 1 << 30);
            if (!Span(done, step).SequenceEqual(other.Span(done, step)))
            {
                return false;
            }

            done += step;
        }

        GC.KeepAlive(_file);
        GC.KeepAlive(other._file);
        return true;
    }

    /// <inheritdoc/>
    protected override void ReadCore(long offset, Span<byte> destination)
    {
        Verify();
        if (_inflated is null)
        {
            _file.ThrowIfChanged();
        }

        Span(offset, destination.Length).CopyTo(destination);
        GC.KeepAlive(_file);
    }

    private ReadOnlySpan<byte> Span(long offset, int length) => _inflated is { } bytes ? bytes.AsSpan((int)offset, length)
        : new ReadOnlySpan<byte>(_file.Pointer + _member.Offset + offset, length);

    private void EnsureInflated()
    {
        if (_member.IsDeflated)
        {
            Verify();
        }
        else
        {
            _file.ThrowIfChanged();
        }
    }

    private void Verify()
    {
        if (_isVerified)
        {
            return;
        }

        lock (_lock)
        {
            if (_isVerified)
            {
                return;
            }

            _file.ThrowIfChanged();
            var inflated = _member.IsDeflated ? Inflate() : null;
            var crc = new Crc32();
            for (long done = 0; done < Length;)
            {
                var step = (int)Math.Min(Length - done, 1 << 30);
                crc.Append(inflated is null ? new ReadOnlySpan<byte>(_file.Pointer + _member.Offset + done, step) : inflated.AsSpan((int)done, step));
                done += step;
            }

            GC.KeepAlive(_file);
            if (crc.GetCurrentHashAsUInt32() is var found && found != _member.Crc)
            {
                throw ArchiveErrors.Invalid(_archiveName, _member.Name, "the member's checksum is wrong", $"CRC {_member.Crc:x8}", $"CRC {found:x8}");
            }

            _inflated = inflated;
            _isVerified = true;
        }
    }

    private byte[] Inflate()
    {
        if (Length > ArchiveLimits.InflatedMemberBytes)
        {
            throw ArchiveErrors.TooLarge(_archiveName, _member.Name, "the deflated member is too long",
                $"at most {ArchiveLimits.InflatedMemberBytes} bytes; larger ones stored", $"{Length} bytes");
        }

        try
        {
            using var packed = new UnmanagedMemoryStream(_file.Pointer + _member.Offset, _member.StoredLength);
            using var stream = new DeflateStream(packed, CompressionMode.Decompress);
            var bytes = new byte[Length];
            var read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (read < bytes.Length || stream.ReadByte() >= 0)
            {
                throw ArchiveErrors.Invalid(_archiveName, _member.Name, "the member inflates to another length", $"{Length} bytes",
                    read < bytes.Length ? $"{read} bytes" : "more");
            }

            GC.KeepAlive(_file);
            return bytes;
        }
        catch (InvalidDataException error)
        {
            throw ArchiveErrors.Invalid(_archiveName, _member.Name, "the member cannot be inflated", null, error.Message);
        }
        catch (OutOfMemoryException error)
        {
            throw new TandemException(ErrorCode.OutOfMemory, "memory for a deflated member cannot be had",
                new ErrorDetails { File = _archiveName, Location = _member.Name, Expected = $"{Length} bytes" }, error);
        }
    }
}
