using System.Runtime.InteropServices;

namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>
/// Zeroed pages straight from the operating system. The C library's heap takes large blocks from memory that was used before once a process has freed a
/// few: it must be cleared by hand then, and has small pages.
/// </summary>
internal static unsafe class NativePages
{
    private const int ReadWrite = 1 | 2;
    private const int PrivateAnonymous = 0x02 | 0x20;

    private static readonly delegate* unmanaged<void*, nuint, int, int, int, nint, void*> Map =
        (delegate* unmanaged<void*, nuint, int, int, int, nint, void*>)SystemLibrary.Find("mmap");

    private static readonly delegate* unmanaged<void*, nuint, int> Unmap = (delegate* unmanaged<void*, nuint, int>)SystemLibrary.Find("munmap");

    private static bool IsSupported => Map != null && Unmap != null;

    /// <summary>Allocates; nothing is resident before it is written.</summary>
    /// <exception cref="OutOfMemoryException">It cannot be had.</exception>
    public static void* Allocate(nuint byteCount)
    {
        if (!IsSupported)
        {
            return NativeMemory.AllocZeroed(byteCount);
        }

        var memory = Map(null, byteCount, ReadWrite, PrivateAnonymous, -1, 0);
        return memory == (void*)-1 ? throw new OutOfMemoryException() : memory;
    }

    /// <summary>Frees what <see cref="Allocate"/> gave.</summary>
    public static void Free(void* memory, nuint byteCount)
    {
        if (!IsSupported)
        {
            NativeMemory.Free(memory);
        }
        else if (memory != null)
        {
            _ = Unmap(memory, byteCount);
        }
    }
}
