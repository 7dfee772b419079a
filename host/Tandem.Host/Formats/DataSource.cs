using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Host.Formats;

/// <summary>The bytes of a file, stream or buffer, at one address while anybody holds a reference.</summary>
/// <remarks>
/// <para>Ownership: reference counted. The creator holds the first reference; <see cref="AddReference"/> and <see cref="Release"/> pair up.</para>
/// <para>Files are mapped read-only and shared: nothing is copied, and the pages are the operating system's file cache. The file's handle stays open
/// without sharing write access, which keeps writers out where the operating system honours it (Windows, and other .NET processes on Unix). A file
/// that another program may cut short while it is in use is read with <see cref="FileAccessMode.Copy"/>.</para>
/// <para>Threading: all members may be called from any thread.</para>
/// </remarks>
public sealed unsafe class DataSource : IDisposable
{
    /// <summary>Alignment of <see cref="Pointer"/>.</summary>
    public const int Alignment = 64;

    private readonly Action _free;
    private readonly FileStream? _file;
    private readonly DateTime _writeTime;
    private readonly MappedPages? _pages;
    private int _references = 1;
    private int _isDisposed;

    private DataSource(string name, byte* pointer, long length, bool isMapped, Action free, FileStream? file = null)
    {
        Name = name;
        Pointer = pointer;
        Length = length;
        IsMapped = isMapped;
        _free = free;
        _pages = isMapped ? new MappedPages(pointer, length) : null;
        _file = file;
        _writeTime = file is null ? default : File.GetLastWriteTimeUtc(file.SafeFileHandle);
    }

    /// <summary>Path, or the name that the caller gave.</summary>
    public string Name { get; }

    /// <summary>The first byte.</summary>
    public byte* Pointer { get; }

    /// <summary>Number of bytes.</summary>
    public long Length { get; }

    /// <summary>Whether the bytes are a mapping of a file.</summary>
    public bool IsMapped { get; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mode">Whether it is mapped or copied into memory.</param>
    /// <returns>The source, with one reference.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.SourceUnreadable"/> or <see cref="ErrorCode.SourceTruncated"/> (an empty file).</exception>
    public static DataSource FromFile(string path, FileAccessMode mode = FileAccessMode.Map)
    {
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            if (file.Length == 0)
            {
                throw new TandemException(ErrorCode.SourceTruncated, "the file is empty",
                    new ErrorDetails { File = path, Expected = "a program or data file", Found = "0 bytes" });
            }

            if (mode == FileAccessMode.Copy)
            {
                using (file)
                {
                    return FromStream(path, file);
                }
            }

            return Map(path, file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            file?.Dispose();
            throw new TandemException(ErrorCode.SourceUnreadable, "the file cannot be opened", new ErrorDetails
            {
                File = path,
                Found = error.Message,
                NextStep = "check the path and its permissions",
            }, error);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    /// <summary>Takes a buffer, without copying it where its address is aligned to 16 bytes.</summary>
    /// <param name="name">Name for messages.</param>
    /// <param name="memory">The bytes; they must not change while the source is used.</param>
    /// <returns>The source, with one reference.</returns>
    public static DataSource FromMemory(string name, ReadOnlyMemory<byte> memory)
    {
        var pin = memory.Pin();
        if (((nuint)pin.Pointer & 15) == 0 && memory.Length > 0)
        {
            return new DataSource(name, (byte*)pin.Pointer, memory.Length, false, () => pin.Dispose());
        }

        using (pin)
        {
            var copy = Allocate(memory.Length);
            memory.Span.CopyTo(new Span<byte>(copy, memory.Length));
            return new DataSource(name, copy, memory.Length, false, () => NativeMemory.AlignedFree(copy));
        }
    }

    /// <summary>Reads a stream to its end into native memory.</summary>
    /// <param name="name">Name for messages.</param>
    /// <param name="stream">The stream; not closed.</param>
    /// <param name="maxBytes">Most bytes to read.</param>
    /// <returns>The source, with one reference.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.SourceUnreadable"/>.</exception>
    public static DataSource FromStream(string name, Stream stream, long maxBytes = long.MaxValue)
    {
        var capacity = stream.CanSeek ? Math.Max(stream.Length - stream.Position, 1) : 1 << 20;
        byte* data = null;
        try
        {
            data = Allocate(Math.Min(capacity, Math.Max(maxBytes, 1)));
            capacity = Math.Min(capacity, Math.Max(maxBytes, 1));
            long length = 0;
            Span<byte> probe = stackalloc byte[1];
            while (true)
            {
                if (length == capacity)
                {
                    if (stream.Read(probe) == 0)
                    {
                        break;
                    }

                    if (length >= maxBytes)
                    {
                        throw new IOException($"the stream is longer than {maxBytes} bytes");
                    }

                    capacity = Math.Min(checked(capacity * 2), maxBytes);
                    data = (byte*)NativeMemory.AlignedRealloc(data, (nuint)capacity, Alignment);
                    data[length++] = probe[0];
                    continue;
                }

                var read = stream.Read(new Span<byte>(data + length, (int)Math.Min(capacity - length, 1 << 26)));
                if (read == 0)
                {
                    break;
                }

                length += read;
            }

            var owned = data;
            return new DataSource(name, owned, length, false, () => NativeMemory.AlignedFree(owned));
        }
        catch (Exception error)
        {
            NativeMemory.AlignedFree(data);
            throw error is IOException or NotSupportedException or UnauthorizedAccessException
                ? new TandemException(ErrorCode.SourceUnreadable, "the stream cannot be read", new ErrorDetails { File = name, Found = error.Message }, error)
                : error;
        }
    }

    /// <summary>The last reference was given back; the bytes are gone.</summary>
    internal event Action<DataSource>? Freed;

    /// <summary>Takes another reference.</summary>
    /// <returns>This source.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ObjectReleased"/>.</exception>
    public DataSource AddReference()
    {
        while (true)
        {
            var references = Volatile.Read(ref _references);
            if (references == 0)
            {
                throw new TandemException(ErrorCode.ObjectReleased, "the source was released", new ErrorDetails { File = Name });
            }

            if (Interlocked.CompareExchange(ref _references, references + 1, references) == references)
            {
                return this;
            }
        }
    }

    /// <summary>Gives back a reference; the last one unmaps the file or frees the memory.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            _free();
            Freed?.Invoke(this);
        }
    }

    /// <summary>Gives back the creator's reference; a second call does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Release();
        }
    }

    /// <summary>Refuses a mapped file that was written or cut short since it was opened. The caller holds a reference.</summary>
    internal void ThrowIfChanged()
    {
        if (_file is null)
        {
            return;
        }

        var (length, time) = (RandomAccess.GetLength(_file.SafeFileHandle), File.GetLastWriteTimeUtc(_file.SafeFileHandle));
        if (length != Length || time != _writeTime)
        {
            throw new TandemException(ErrorCode.SourceChanged, "the file changed while it was in use", new ErrorDetails
            {
                File = Name,
                Expected = $"{Length} bytes of {_writeTime:O}",
                Found = $"{length} bytes of {time:O}",
                NextStep = "replace files by renaming a new one over them, or open them with FileAccessMode.Copy",
            });
        }
    }

    /// <summary>
    /// Names the mapped file in its present state, as <see cref="FileState.Name"/>; null for what is no mapped file. The caller holds a reference.
    /// </summary>
    internal string? FileName() => _file is { } file && IsMapped ? FileState.Name(file.SafeFileHandle, DateTimeOffset.UtcNow) : null;

    /// <summary>A range is not read soon: its pages may leave memory if they are a file's. The caller has checked the range and holds a reference.</summary>
    internal void ReleasePages(DataRange range) => _pages?.Release(range.Offset, range.Length);

    /// <summary>Bytes of a range that was checked against <see cref="Length"/>.</summary>
    internal ReadOnlySpan<byte> Span(DataRange range) => new(Pointer + range.Offset, checked((int)range.Length));

    private static DataSource Map(string path, FileStream file)
    {
        var length = file.Length;
        var map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        MemoryMappedViewAccessor? view = null;
        try
        {
            view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            byte* pointer = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
            pointer += view.PointerOffset;
            return new DataSource(path, pointer, length, true, () =>
            {
                view.SafeMemoryMappedViewHandle.ReleasePointer();
                view.Dispose();
                map.Dispose();
                file.Dispose();
            }, file);
        }
        catch
        {
            view?.Dispose();
            map.Dispose();
            throw;
        }
    }

    private static byte* Allocate(long length)
    {
        try
        {
            return (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(length, 1), Alignment);
        }
        catch (OutOfMemoryException error)
        {
            throw new TandemException(ErrorCode.OutOfMemory, "memory for a file cannot be had", new ErrorDetails { Expected = $"{length} bytes" }, error);
        }
    }
}
