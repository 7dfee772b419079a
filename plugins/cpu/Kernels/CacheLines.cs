using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Asks for memory that is read soon, so that it comes while something else is computed.</summary>
internal static unsafe class CacheLines
{
    /// <summary>Fetches so many bytes from an address on, a few kilobytes at most; does nothing on processors without the instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fetch(void* address, nint bytes)
    {
        if (Sse.IsSupported)
        {
            for (nint offset = 0; offset < bytes; offset += 64)
            {
                Sse.Prefetch0((byte*)address + offset);
            }
        }
    }
}
