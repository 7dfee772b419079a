using System.Runtime.InteropServices;

namespace Tandem.Host.Execution;

/// <summary>
/// Moves a thread off a processor. A thread that is woken may be put onto the processor of the thread that woke it, where the two take turns while
/// another processor idles; the scheduler notices only milliseconds later.
/// </summary>
internal static unsafe partial class ThreadPlacement
{
    // 1024 processors, as the C library's fixed-size mask.
    private const int MaskWords = 16;

    /// <summary>Lets the calling thread run on any of its processors but one, and then on all of them again; Linux only, nothing elsewhere.</summary>
    /// <param name="processor">The processor to leave.</param>
    internal static void Leave(int processor)
    {
        if (!OperatingSystem.IsLinux() || processor < 0 || processor >= MaskWords * 64)
        {
            return;
        }

        var allowed = stackalloc ulong[MaskWords];
        var others = stackalloc ulong[MaskWords];
        if (GetAffinity(0, MaskWords * sizeof(ulong), allowed) < 0)
        {
            return;
        }

        new Span<ulong>(allowed, MaskWords).CopyTo(new Span<ulong>(others, MaskWords));
        others[processor / 64] &= ~(1UL << (processor % 64));
        if (new Span<ulong>(others, MaskWords).ContainsAnyExcept(0UL) && SetAffinity(0, MaskWords * sizeof(ulong), others) == 0)
        {
            _ = SetAffinity(0, MaskWords * sizeof(ulong), allowed);
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int thread, nint size, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nint size, ulong* mask);
}
