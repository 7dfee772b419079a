namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>Zeroed memory in pages of 2 MB, where the system has them, that many packed forms share. Lives until the last of its blocks is disposed.</summary>
/// <remarks>One thread takes blocks; any thread gives them back.</remarks>
internal sealed unsafe class PackedSlab
{
    private readonly void* _allocation;
    private readonly byte* _memory;
    private readonly long _length;
    private long _used;

    // One for each block, and one for whoever still takes blocks.
    private int _references = 1;

    /// <summary>Allocates a slab; nothing of it is resident before it is written.</summary>
    /// <param name="length">Bytes of it. What does not fill a page of 2 MB at its end has small ones.</param>
    /// <exception cref="OutOfMemoryException">It cannot be had.</exception>
    public PackedSlab(long length)
    {
        _length = length;
        _allocation = NativePages.Allocate(AllocatedBytes);
        _memory = (byte*)(((nuint)_allocation + (nuint)HugePages.PageBytes - 1) & ~(nuint)(HugePages.PageBytes - 1));
        HugePages.Advise(_memory, _length / HugePages.PageBytes * HugePages.PageBytes);
    }

    private nuint AllocatedBytes => checked((nuint)_length + (nuint)HugePages.PageBytes);

    /// <summary>Whether a block of so many bytes has room.</summary>
    public bool Fits(long byteCount) => PackedBlock.Occupied(byteCount) <= _length - _used;

    /// <summary>The next block; only if it fits.</summary>
    public PackedBlock Take(long byteCount)
    {
        var memory = _memory + _used;
        _used += PackedBlock.Occupied(byteCount);
        Interlocked.Increment(ref _references);
        return PackedBlock.FromSlab(this, memory, byteCount);
    }

    /// <summary>A block is not used any more: its pages leave memory, although the others stay.</summary>
    public void GiveBack(byte* memory, long byteCount)
    {
        if (Volatile.Read(ref _references) > 1)
        {
            HugePages.Discard(memory, PackedBlock.Occupied(byteCount));
        }

        Release();
    }

    /// <summary>Nobody takes blocks any more.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            NativePages.Free(_allocation, AllocatedBytes);
        }
    }
}
