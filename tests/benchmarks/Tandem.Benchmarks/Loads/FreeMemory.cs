using System.Runtime.InteropServices;

namespace Tandem.Benchmarks.Loads;

/// <summary>
/// Free memory as a machine has that was in use. A guest gives pages that nobody uses back to its host, and gets them again at up to fifty times the cost of
/// one that it kept: what a start takes would depend on how long the machine was idle.
/// </summary>
internal static unsafe class FreeMemory
{
    private const int PageBytes = 4096;

    // More than any contender takes for its start.
    private const long Bytes = 1L << 30;

    /// <summary>Touches free memory and frees it again.</summary>
    public static void Touch()
    {
        var memory = (byte*)NativeMemory.Alloc((nuint)Bytes);
        for (long i = 0; i < Bytes; i += PageBytes)
        {
            memory[i] = 1;
        }

        NativeMemory.Free(memory);
    }
}
