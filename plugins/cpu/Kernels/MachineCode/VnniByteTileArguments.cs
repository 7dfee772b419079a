using System.Runtime.InteropServices;

namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>What a tile of <see cref="VnniByteTile"/> works on; machine code reads it by these offsets. The tile changes it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct VnniByteTileArguments
{
    /// <summary>A row's segments lie at these distances in bytes from its pointer; one at least.</summary>
    public nint* Offsets;

    /// <summary>Behind the last of them.</summary>
    public nint* OffsetsEnd;

    /// <summary>Bytes of a segment, a positive multiple of 4: what lies beyond the row's end is multiplied by packed zeros.</summary>
    public nint SegmentLength;

    /// <summary>Weights of the first panel: for each segment and each four of its bytes, 16 columns of four signed bytes.</summary>
    public sbyte* B;

    /// <summary>Bytes from a panel to the next.</summary>
    public nint PanelStride;

    /// <summary>Pointers to the rows of signed bytes.</summary>
    public nint* Rows;

    /// <summary>How many tiles follow one another, 1 or more.</summary>
    public nint Tiles;

    /// <summary>What sums begin with, for each column of the panels.</summary>
    public int* Bias;

    /// <summary>The factor from sums to results, for each column of the panels.</summary>
    public float* Scales;

    /// <summary>Receives the results; moved on by the tile.</summary>
    public sbyte* Output;

    /// <summary>Bytes from a row of results to the next.</summary>
    public nint OutputStride;

    /// <summary>A bit for each column that is stored; a tile of four whole panels does not look at it.</summary>
    public ulong Columns;

    /// <summary>What <see cref="ByteResults.Fill"/> wrote.</summary>
    public byte* Numbers;
}
