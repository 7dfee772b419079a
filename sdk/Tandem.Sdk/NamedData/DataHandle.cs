namespace Tandem.Sdk;

/// <summary>A counted reference to read-only bytes that are loaded once, whoever holds them.</summary>
/// <remarks>
/// <para>Ownership: each handle belongs to one holder, who disposes it once. The bytes stay where they are until the last handle on them is
/// disposed; the file, program or call that a handle came from may be gone long before.</para>
/// <para>Safety: after <see cref="Dispose()"/> the members throw <see cref="ErrorCode.NamedDataReleased"/>. Spans and pointers taken from a handle are
/// valid until that handle is disposed. Writing to the bytes faults.</para>
/// <para>Threading: all members may be called from any thread.</para>
/// </remarks>
public abstract unsafe class DataHandle : IDisposable
{
    /// <summary>Number of bytes.</summary>
    public abstract long Length { get; }

    /// <summary>The first byte; aligned to <see cref="Alignment"/>. Null if <see cref="Length"/> is 0.</summary>
    public abstract byte* Pointer { get; }

    /// <summary>The guaranteed alignment of <see cref="Pointer"/> in bytes, a power of two.</summary>
    public abstract int Alignment { get; }

    /// <summary>Element type and shape, where the file says so.</summary>
    public abstract TensorLayout? Layout { get; }

    /// <summary>
    /// Identity of the content: equal for handles on equal bytes in this process, different for different bytes. Part of the key of anything
    /// derived from the bytes. Bytes that nobody holds any more keep it while their program is loaded; loaded from another one they have another, so keep a handle where what
    /// is derived is to be found by other programs.
    /// </summary>
    public abstract ContentId ContentId { get; }

    /// <summary>
    /// Names the file that the bytes are mapped from, in its present state: equal stamps mean equal bytes at equal <see cref="FileOffset"/>, in any
    /// process of this machine. For remembering across processes what was computed from the bytes; ask before and after computing.
    /// </summary>
    /// <returns>Null where the bytes are no mapped file, where the system does not tell, or where the file has only just changed.</returns>
    public virtual string? FileStamp => null;

    /// <summary>Offset of the first byte in the file that <see cref="FileStamp"/> names; -1 if the bytes are no mapped file.</summary>
    public virtual long FileOffset => -1;

    /// <summary>
    /// Says that a part of the bytes is not read soon. Its pages may leave memory where they can be read from the file again; addresses and bytes stay.
    /// </summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Number of bytes.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: outside the bytes.</exception>
    public virtual void ReleasePages(long offset, long length)
    {
    }

    /// <summary>The bytes; at most 2^31-1 of them.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.NamedDataReleased"/>, or <see cref="ErrorCode.ArgumentInvalid"/> if there are too many for a span.</exception>
    public ReadOnlySpan<byte> Span => Length <= int.MaxValue
        ? new ReadOnlySpan<byte>(Pointer, (int)Length)
        : throw new TandemException(ErrorCode.ArgumentInvalid, "the data is too large for a span",
            new ErrorDetails { Expected = "at most 2147483647 bytes", Found = $"{Length} bytes", NextStep = "use Pointer and Length" });

    /// <summary>Makes a second handle on the same bytes, for another holder.</summary>
    /// <returns>The handle, which its holder disposes.</returns>
    public abstract DataHandle AddReference();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives up the holder's reference; a second call does nothing.</summary>
    /// <param name="disposing">True from <see cref="Dispose()"/>, false from a finalizer.</param>
    protected abstract void Dispose(bool disposing);
}
