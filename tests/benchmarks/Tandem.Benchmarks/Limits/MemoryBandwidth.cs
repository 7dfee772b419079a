using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Tandem.Benchmarks.Limits;

/// <summary>Reading memory that no cache holds: one stream, and four streams inside blocks, which uses more of what a core can have in flight.</summary>
internal sealed unsafe partial class MemoryBandwidth : IDisposable
{
    private const nint Bytes = 256 << 20;
    private const nint HugePage = 2 << 20;
    private const int AdviseHugePages = 14;
    private readonly byte* _memory;
    private static int _sink;

    public MemoryBandwidth()
    {
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)Bytes, (nuint)HugePage);
        if (OperatingSystem.IsLinux())
        {
            _ = Advise(_memory, Bytes, AdviseHugePages);
        }

        // Pages that were never written are all the same one.
        for (nint i = 0; i < Bytes; i += 64)
        {
            _memory[i] = (byte)(i >> 6);
        }
    }

    /// <summary>GB/s of one pass over the memory by that many threads, each over its own part, in the best of the ways to read.</summary>
    public double Measure(int threads)
    {
        double best = 0;
        foreach (var blockBytes in (ReadOnlySpan<int>)[0, 64 << 10, 512 << 10])
        {
            var part = Bytes / threads / HugePage * HugePage;
            best = Math.Max(best, threads * part / (Together.Seconds(threads, thread => Read(_memory + (thread * part), part, blockBytes)) * 1e9));
        }

        return best;
    }

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    private static void Read(byte* memory, nint bytes, int blockBytes) =>
        _sink += blockBytes == 0 ? OneStream(memory, bytes) : FourStreams(memory, bytes, blockBytes);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int OneStream(byte* memory, nint bytes)
    {
        Vector256<int> a = default, b = default, c = default, d = default;
        for (nint i = 0; i < bytes; i += 128)
        {
            a ^= Vector256.Load((int*)(memory + i));
            b ^= Vector256.Load((int*)(memory + i + 32));
            c ^= Vector256.Load((int*)(memory + i + 64));
            d ^= Vector256.Load((int*)(memory + i + 96));
        }

        return Vector256.Sum(a ^ b ^ c ^ d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int FourStreams(byte* memory, nint bytes, nint blockBytes)
    {
        var stream = blockBytes / 4;
        Vector256<int> a = default, b = default, c = default, d = default;
        for (nint block = 0; block < bytes; block += blockBytes)
        {
            var p = memory + block;
            for (nint i = 0; i < stream; i += 64)
            {
                a ^= Vector256.Load((int*)(p + i)) ^ Vector256.Load((int*)(p + i + 32));
                b ^= Vector256.Load((int*)(p + stream + i)) ^ Vector256.Load((int*)(p + stream + i + 32));
                c ^= Vector256.Load((int*)(p + (2 * stream) + i)) ^ Vector256.Load((int*)(p + (2 * stream) + i + 32));
                d ^= Vector256.Load((int*)(p + (3 * stream) + i)) ^ Vector256.Load((int*)(p + (3 * stream) + i + 32));
            }
        }

        return Vector256.Sum(a ^ b ^ c ^ d);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* memory, nint bytes, int advice);
}
