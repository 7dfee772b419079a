using System.Runtime.InteropServices;

namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>A row of 64 channels for <see cref="VnniDepthwise3x3"/>; machine code reads it by these offsets. The function changes it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct VnniDepthwiseArguments
{
    /// <summary>First pixel of the upper row.</summary>
    public sbyte* Upper;

    /// <summary>Of the middle row.</summary>
    public sbyte* Middle;

    /// <summary>Of the lower row.</summary>
    public sbyte* Lower;

    /// <summary>Bytes from a pixel to the next, in all of them.</summary>
    public nint PixelStride;

    /// <summary>Outputs whose columns all lie inside, but for a left one; may be 0.</summary>
    public nint Inside;

    /// <summary>1 if a column of padding comes first, else 0.</summary>
    public nint HasLeft;

    /// <summary>1 if the last output ends on a column of padding, else 0.</summary>
    public nint HasRight;

    /// <summary>[kernel column][4 registers][16 lanes][upper, middle, lower, zero]; lane 4 i + c of register j is channel 16 i + 4 j + c.</summary>
    public sbyte* Weights;

    /// <summary>What sums begin with, in the order of <see cref="Weights"/>.</summary>
    public int* Bias;

    /// <summary>The factor from sums to results, in the same order.</summary>
    public float* Scales;

    /// <summary>Receives the results.</summary>
    public sbyte* Output;

    /// <summary>Bytes from a result to the next.</summary>
    public nint OutputStride;

    /// <summary>A bit for each channel that is there; a function for 64 does not look at it.</summary>
    public ulong Channels;

    /// <summary>What <see cref="ByteResults.Fill"/> wrote.</summary>
    public byte* Numbers;

    /// <summary>Four times a byte of padding, with 128 added.</summary>
    public uint Padding;
}
