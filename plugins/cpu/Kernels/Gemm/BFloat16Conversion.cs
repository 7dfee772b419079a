using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>bfloat16 to float32, exactly: its bits are the upper half.</summary>
internal static unsafe class BFloat16Conversion
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToSingle(ushort* source, float* destination, nint count)
    {
        for (nint i = 0; i < count; i++)
        {
            destination[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
        }
    }
}
