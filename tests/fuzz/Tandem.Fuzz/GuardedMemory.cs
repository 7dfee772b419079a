using System.Buffers;
using System.Runtime.InteropServices;

namespace Tandem.Fuzz;

/// <summary>Native memory that ends at a page nobody may touch: a read or write beyond it stops the process at the culprit. Linux only.</summary>
internal sealed unsafe partial class GuardedMemory : MemoryManager<byte>
{
    private const int Alignment = 64;
    private const byte Slack = 0xA5;

    private readonly byte* _mapping;
    private readonly nuint _mapped;
    private readonly nuint _body;
    private readonly long _byteCount;

    /// <summary>Takes zeroed memory.</summary>
    /// <param name="byteCount">Bytes.</param>
    /// <param name="alignment">Alignment of the first byte; what that leaves before the page is checked when the memory is freed.</param>
    internal GuardedMemory(long byteCount, int alignment = Alignment)
    {
        var page = Environment.SystemPageSize;
        _byteCount = byteCount;
        var body = (byteCount + alignment - 1) & -alignment;
        var pages = (body + page - 1) / page * page;
        _mapped = (nuint)(pages + page);
        _mapping = (byte*)Map(null, _mapped, 3, 0x22, -1, 0);
        if (_mapping == (byte*)-1 || Protect(_mapping + pages, (nuint)page, 0) != 0)
        {
            throw new OutOfMemoryException();
        }

        Pointer = _mapping + pages - body;
        _body = (nuint)pages;
        new Span<byte>(Pointer + byteCount, (int)(body - byteCount)).Fill(Slack);
    }

    /// <summary>Says what ran when memory was found overwritten.</summary>
    internal static Func<string>? Describe { get; set; }

    internal byte* Pointer { get; }

    public override Span<byte> GetSpan() => new(Pointer, checked((int)_byteCount));

    public override MemoryHandle Pin(int elementIndex = 0) => new(Pointer + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        for (var at = Pointer + _byteCount; at < _mapping + _mapped - Environment.SystemPageSize; at++)
        {
            if (*at != Slack)
            {
                Environment.FailFast($"memory was written {at - (Pointer + _byteCount)} bytes behind its {_byteCount} bytes: {Describe?.Invoke()}");
            }
        }

        _ = Unmap(_mapping, _mapped);
    }

    /// <summary>From now on a write stops the process, as it does in a mapped file.</summary>
    internal void MakeReadOnly()
    {
        if (Protect(_mapping, _body, 1) != 0)
        {
            throw new InvalidOperationException("memory cannot be made read-only");
        }
    }

    internal void Free() => Dispose(true);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint length);
}
