namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>
/// Asks the system to back memory with pages of 2 MB where it has them: weights that no cache holds are read faster, because hardware prefetches on over
/// the end of a small page and fewer addresses are translated.
/// </summary>
internal static unsafe class HugePages
{
    /// <summary>Bytes of a page.</summary>
    public const long PageBytes = 2 << 20;

    private const int AdviseHugePages = 14;
    private const int DontNeed = 4;

    private static readonly delegate* unmanaged<void*, nuint, int, int> Function =
        (delegate* unmanaged<void*, nuint, int, int>)SystemLibrary.Find("madvise");

    /// <summary>
    /// Advises before memory is written for the first time. Only whole small pages inside it are concerned, so that neighbours keep theirs; memory in which
    /// no page of 2 MB fits is left as it is, and so is everything where the system knows no such advice.
    /// </summary>
    /// <param name="memory">The first byte.</param>
    /// <param name="byteCount">How many bytes the caller will write, all of them.</param>
    public static void Advise(byte* memory, long byteCount)
    {
        if (Function == null || memory == null || byteCount < PageBytes)
        {
            return;
        }

        // An error says that the system has no such pages: nothing is lost.
        Advise(memory, byteCount, AdviseHugePages);
    }

    /// <summary>Lets the whole small pages of anonymous memory go that nobody reads any more; its addresses stay. Where the system cannot, they stay as well.</summary>
    public static void Discard(byte* memory, long byteCount)
    {
        if (OperatingSystem.IsLinux() && Function != null)
        {
            Advise(memory, byteCount, DontNeed);
        }
    }

    private static void Advise(byte* memory, long byteCount, int advice)
    {
        var small = (nuint)Environment.SystemPageSize;
        var first = ((nuint)memory + small - 1) / small * small;
        var end = ((nuint)memory + (nuint)byteCount) / small * small;
        if (end > first)
        {
            _ = Function((void*)first, end - first, advice);
        }
    }
}
