using System.Runtime.InteropServices;

namespace Tandem.Benchmarks.Loads;

/// <summary>
/// Bytes that are allocated from the C library's heap. Resident memory depends on which pages are touched and on gaps between freed blocks; this does not.
/// </summary>
internal static partial class NativeHeap
{
    /// <summary>Whether the C library tells (glibc 2.33 or later).</summary>
    public static bool IsKnown { get; } = OperatingSystem.IsLinux() && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "mallinfo2", out _);

    /// <summary>Bytes in use now, in the heap and in mappings of their own.</summary>
    public static long Allocated
    {
        get
        {
            var information = GetInformation();
            return (long)(information.InUse + information.Mapped);
        }
    }

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial Information GetInformation();

    // struct mallinfo2: arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost.
    [StructLayout(LayoutKind.Explicit, Size = 10 * 8)]
    private struct Information
    {
        [FieldOffset(4 * 8)]
        public nuint Mapped;

        [FieldOffset(7 * 8)]
        public nuint InUse;
    }
}
