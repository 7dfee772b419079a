using System.Runtime.InteropServices;

namespace Tandem.Host.Formats;

/// <summary>
/// Takes pages of a read-only mapping out of the process's resident memory; the next read brings them back from the file. Ranges are collected first:
/// each call of the system interrupts the other processors, which costs more than the pages of a small tensor do.
/// </summary>
/// <remarks>Threading: any thread.</remarks>
internal sealed unsafe partial class MappedPages
{
    private const int DontNeed = 4;

    // What lies between two ranges goes with them: padding, or a tensor so small that reading it again costs less than another call.
    private const long GapBytes = 64 << 10;

    private readonly Lock _gate = new();
    private readonly List<(long First, long End)> _ranges = [];
    private readonly byte* _memory;
    private readonly long _batchBytes;
    private long _bytes;

    /// <summary>Knows a mapping; nothing is given up yet.</summary>
    /// <param name="memory">Its first byte.</param>
    /// <param name="length">Bytes of it; at most a 32nd part of them, or 8 MB, stays although it was released.</param>
    internal MappedPages(byte* memory, long length)
    {
        _memory = memory;
        _batchBytes = Math.Clamp(length / 32, 1, 8 << 20);
    }

    /// <summary>Gives up the whole pages within a range, now or with later ones; Linux only, nothing elsewhere.</summary>
    /// <param name="offset">First byte; the caller has checked it.</param>
    /// <param name="length">Number of bytes.</param>
    internal void Release(long offset, long length)
    {
        if (!OperatingSystem.IsLinux() || length <= 0)
        {
            return;
        }

        lock (_gate)
        {
            _ranges.Add((offset, offset + length));
            _bytes += length;
            if (_bytes >= _batchBytes)
            {
                Flush();
            }
        }
    }

    private void Flush()
    {
        _ranges.Sort(static (left, right) => left.First.CompareTo(right.First));
        var (first, end) = _ranges[0];
        foreach (var range in _ranges)
        {
            if (range.First > end + GapBytes)
            {
                Release(_memory + first, _memory + end);
                first = range.First;
            }

            end = Math.Max(end, range.End);
        }

        Release(_memory + first, _memory + end);
        _ranges.Clear();
        _bytes = 0;
    }

    private static void Release(byte* start, byte* end)
    {
        var page = (nuint)Environment.SystemPageSize;
        var first = ((nuint)start + page - 1) & ~(page - 1);
        var last = (nuint)end & ~(page - 1);
        if (last > first)
        {
            _ = Advise((void*)first, last - first, DontNeed);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint length, int advice);
}
