using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>Zeroed native memory, 64-byte aligned. Large blocks cost resident memory only for the pages that are touched.</summary>
internal sealed unsafe class NativeMemoryBlock : IDisposable
{
    internal const int Alignment = 64;

    private void* _allocation;
    private Action? _free;

    internal NativeMemoryBlock(long byteCount, string purpose)
    {
        ByteCount = byteCount;
        if (Allocator is not null)
        {
            (var pointer, _free) = Allocator(byteCount);
            Pointer = (byte*)pointer;
            return;
        }

        try
        {
            // calloc gives zero pages of the operating system for large blocks; the pointer is aligned by hand.
            _allocation = NativeMemory.AllocZeroed(checked((nuint)byteCount + Alignment));
        }
        catch (Exception error) when (error is OutOfMemoryException or OverflowException)
        {
            throw new TandemException(ErrorCode.OutOfMemory, $"memory for {purpose} cannot be had",
                new ErrorDetails { Expected = $"{byteCount} bytes", NextStep = "close other sessions or programs" }, error);
        }

        Pointer = (byte*)(((nuint)_allocation + Alignment - 1) & ~(nuint)(Alignment - 1));
    }

    ~NativeMemoryBlock() => Free();

    /// <summary>Gives zeroed memory and what frees it, in place of the heap: the fuzzer finds accesses behind a block so.</summary>
    internal static Func<long, (nint Pointer, Action Free)>? Allocator { get; set; }

    /// <summary>The first byte; null after Dispose.</summary>
    internal byte* Pointer { get; private set; }

    internal long ByteCount { get; }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.Free(_allocation);
        _allocation = null;
        _free?.Invoke();
        _free = null;
        Pointer = null;
    }
}
