using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>
/// A checksum at the speed of memory: CRC-32C of four interleaved streams over chunks, and of the chunks' values. Finds damage; it is no proof against
/// intent, which could write the checksum too.
/// </summary>
internal sealed unsafe class ContentChecksum : IParallelWork
{
    // Far enough for memory: hardware looks ahead within a page only.
    private const int PrefetchBytes = 1024;

    private const int ChunkBytes = 64 * 1024;

    private readonly byte* _memory;
    private readonly long _length;
    private readonly ulong[] _chunks;

    private ContentChecksum(byte* memory, long length)
    {
        _memory = memory;
        _length = length;
        _chunks = new ulong[2 * ((length + ChunkBytes - 1) / ChunkBytes)];
    }

    /// <summary>The checksum of native memory.</summary>
    /// <param name="memory">First byte.</param>
    /// <param name="length">Number of bytes.</param>
    /// <param name="pool">Threads; null: the caller's only.</param>
    public static ulong Compute(byte* memory, long length, ComputePool? pool)
    {
        var work = new ContentChecksum(memory, length);
        var chunks = work._chunks.Length / 2;
        if (pool is null || chunks < 2)
        {
            work.Execute(0, chunks, 0);
        }
        else
        {
            pool.Run(chunks, 1, work);
        }

        var (low, high) = Of(MemoryMarshal.AsBytes<ulong>(work._chunks));
        return low ^ BitOperations.RotateLeft(high, 32) ^ (ulong)length;
    }

    /// <summary>The checksum of a few bytes.</summary>
    public static ulong Compute(ReadOnlySpan<byte> bytes)
    {
        var (low, high) = Of(bytes);
        return low ^ BitOperations.RotateLeft(high, 32) ^ (ulong)bytes.Length;
    }

    public void Execute(int start, int end, int worker)
    {
        for (var i = start; i < end; i++)
        {
            var offset = (long)i * ChunkBytes;
            (_chunks[2 * i], _chunks[(2 * i) + 1]) = Of(new ReadOnlySpan<byte>(_memory + offset, (int)Math.Min(ChunkBytes, _length - offset)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (ulong Low, ulong High) Of(ReadOnlySpan<byte> bytes)
    {
        uint a = 1, b = 2, c = 3, d = 4;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        var i = 0;

        // Only for prefetches, which may name any address.
        var first = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes));
        for (; i + 4 <= words.Length; i += 4)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch0(first + (i * sizeof(ulong)) + PrefetchBytes);
            }

            a = BitOperations.Crc32C(a, words[i]);
            b = BitOperations.Crc32C(b, words[i + 1]);
            c = BitOperations.Crc32C(c, words[i + 2]);
            d = BitOperations.Crc32C(d, words[i + 3]);
        }

        foreach (var value in bytes[(i * sizeof(ulong))..])
        {
            a = BitOperations.Crc32C(a, value);
        }

        return (a | ((ulong)b << 32), c | ((ulong)d << 32));
    }
}
