using System.Runtime.InteropServices;

namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>
/// The native memory of one packed form: plain bytes without pointers, aligned to 64 bytes. Either memory that its packer fills, or a file of the packed
/// cache that is mapped and never written.
/// </summary>
/// <remarks>Ownership: the form that it is attached to disposes it.</remarks>
internal sealed unsafe class PackedBlock : IDisposable
{
    // Kernels may read a whole vector at the end.
    private const int Tail = 64;

    private const int Alignment = 64;

    private readonly IDisposable? _mapping;
    private PackedSlab? _slab;
    private void* _allocation;
    private byte* _memory;

    private PackedBlock(byte* memory, void* allocation, long byteCount, IDisposable? mapping)
    {
        _memory = memory;
        _allocation = allocation;
        ByteCount = byteCount;
        _mapping = mapping;
    }

    ~PackedBlock() => Free();

    public byte* Memory => _memory;

    public long ByteCount { get; }

    /// <summary>Whether the bytes are a file's, which other processes map too.</summary>
    public bool IsMapped => _mapping is not null;

    /// <summary>Zeroed memory to pack into: gaps between its parts are the same in every process.</summary>
    /// <exception cref="OutOfMemoryException">It cannot be had.</exception>
    public static PackedBlock Allocate(long byteCount)
    {
        if (byteCount >= HugePages.PageBytes)
        {
            var slab = new PackedSlab(Occupied(byteCount));
            try
            {
                return slab.Take(byteCount);
            }
            finally
            {
                slab.Release();
            }
        }

        var allocation = NativeMemory.AllocZeroed(checked((nuint)byteCount + Tail + Alignment));
        return new PackedBlock((byte*)(((nuint)allocation + Alignment - 1) & ~(nuint)(Alignment - 1)), allocation, byteCount, null);
    }

    /// <summary>A part of a slab that others share; zeroed, too.</summary>
    internal static PackedBlock FromSlab(PackedSlab slab, byte* memory, long byteCount) => new(memory, null, byteCount, null) { _slab = slab };

    /// <summary>Bytes that a block takes of a slab.</summary>
    internal static long Occupied(long byteCount) => checked(byteCount + Tail + Alignment - 1) & ~(long)(Alignment - 1);

    /// <summary>Bytes of a mapping, with at least 64 readable bytes behind them.</summary>
    public static PackedBlock FromMapping(byte* memory, long byteCount, IDisposable mapping) => new(memory, null, byteCount, mapping);

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        _mapping?.Dispose();
        _slab?.GiveBack(_memory, ByteCount);
        _slab = null;
        NativeMemory.Free(_allocation);
        _allocation = null;
        _memory = null;
    }
}
