using System.Security.Cryptography;

namespace Tandem.Sdk;

/// <summary>Bytes ahead of time: in memory, in a part of a file, or wherever a host keeps them. Read in pieces, so that they need not fit in memory.</summary>
/// <remarks>
/// <para>The bytes never change. Threading: all members may be called from any thread.</para>
/// <para>Versioning: grows only by virtual members with defaults.</para>
/// </remarks>
public abstract class DataContent
{
    private const int ChunkSize = 1 << 20;
    private string? _hash;

    /// <summary>Number of bytes.</summary>
    public abstract long Length { get; }

    /// <summary>Where the bytes come from, for messages: a file, a parameter of a method, a backend and its partition.</summary>
    public abstract string Origin { get; }

    /// <summary>SHA-256 of the bytes in 64 lower-case hexadecimal digits. The first use reads all bytes.</summary>
    public string ContentHash => _hash ??= Hash();

    /// <summary>Whether <see cref="ContentHash"/> has been computed.</summary>
    public bool IsHashed => _hash is not null;

    /// <summary>Copies bytes out.</summary>
    /// <param name="offset">Offset of the first byte.</param>
    /// <param name="destination">Receives as many bytes as it is long.</param>
    /// <exception cref="TandemException">
    /// <see cref="ErrorCode.ArgumentInvalid"/> (outside the bytes), <see cref="ErrorCode.SourceUnreadable"/> or <see cref="ErrorCode.SourceChanged"/>.
    /// </exception>
    public void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length)
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "a read lies outside the data", new ErrorDetails
            {
                File = Origin,
                Expected = $"within {Length} bytes",
                Found = $"offset {offset}, {destination.Length} bytes",
            });
        }

        ReadCore(offset, destination);
    }

    /// <summary>Writes all bytes to a stream, a piece at a time.</summary>
    /// <param name="target">The stream.</param>
    public void CopyTo(Stream target) => ForEachChunk(target, static (stream, chunk, count) => stream.Write(chunk, 0, count));

    /// <summary>Whether the bytes are equal: length, then the first 32 bytes, then SHA-256.</summary>
    /// <param name="other">The other bytes.</param>
    /// <returns>True if they are.</returns>
    public bool ContentEquals(DataContent other) => ReferenceEquals(this, other)
        || (Length == other.Length && Prefix() == other.Prefix() && (Length <= DataPrefix.Size || ContentHash == other.ContentHash));

    /// <summary>Wraps bytes in memory.</summary>
    /// <param name="bytes">The bytes; not copied, and not to be changed afterwards.</param>
    /// <param name="origin">Where they come from, for messages.</param>
    /// <returns>The content.</returns>
    public static DataContent FromMemory(ReadOnlyMemory<byte> bytes, string origin) => new MemoryContent(bytes, origin);

    /// <summary>Names a part of a file, which is opened for each read and held by nobody.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">Offset of the first byte.</param>
    /// <param name="length">Number of bytes; -1 for all that follow.</param>
    /// <returns>The content.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.SourceUnreadable"/> or <see cref="ErrorCode.SourceTruncated"/>.</exception>
    public static DataContent FromFile(string path, long offset = 0, long length = -1) => new FileContent(path, offset, length);

    /// <summary>Copies bytes out of a range that was checked.</summary>
    /// <param name="offset">Offset of the first byte.</param>
    /// <param name="destination">Receives as many bytes as it is long.</param>
    protected abstract void ReadCore(long offset, Span<byte> destination);

    internal DataPrefix Prefix()
    {
        Span<byte> bytes = stackalloc byte[DataPrefix.Size];
        bytes.Clear();
        Read(0, bytes[..(int)Math.Min(Length, DataPrefix.Size)]);
        return new DataPrefix(Length, bytes);
    }

    private string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ForEachChunk(hash, static (state, chunk, count) => state.AppendData(chunk, 0, count));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private void ForEachChunk<TState>(TState state, Action<TState, byte[], int> use)
    {
        var buffer = new byte[Math.Min(Length, ChunkSize)];
        for (long done = 0; done < Length;)
        {
            var step = (int)Math.Min(Length - done, buffer.Length);
            Read(done, buffer.AsSpan(0, step));
            use(state, buffer, step);
            done += step;
        }
    }
}
