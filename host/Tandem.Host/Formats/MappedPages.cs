using System.Runtime.InteropServices;

namespace Tandem.Host.Formats;

/// <summary>Takes pages of a read-only mapping out of the process's resident memory; the next read brings them back from the file.</summary>
internal static unsafe partial class MappedPages
{
    private const int DontNeed = 4;

    /// <summary>Gives up the whole pages within a range of a mapping; Linux only, nothing elsewhere.</summary>
    /// <param name="start">First byte.</param>
    /// <param name="length">Number of bytes.</param>
    internal static void Release(byte* start, long length)
    {
        if (!OperatingSystem.IsLinux() || length <= 0)
        {
            return;
        }

        var page = (nuint)Environment.SystemPageSize;
        var first = ((nuint)start + page - 1) & ~(page - 1);
        var last = ((nuint)start + (nuint)length) & ~(page - 1);
        if (last > first)
        {
            _ = Advise((void*)first, last - first, DontNeed);
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint length, int advice);
}
