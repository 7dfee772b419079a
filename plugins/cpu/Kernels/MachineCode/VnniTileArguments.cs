using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>What a tile of <see cref="VnniTiles"/> works on; machine code reads it by these offsets. The tile changes it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct VnniTileArguments
{
    /// <summary>A row's segments lie at these distances in bytes from its pointer; moved on by the tile.</summary>
    public nint* Offsets;

    /// <summary>Segments of a row, 1 or more; counted down by the tile.</summary>
    public nint SegmentCount;

    /// <summary>Bytes of a segment, a positive multiple of 4: what lies beyond the row's end is multiplied by packed zeros.</summary>
    public nint SegmentLength;

    /// <summary>Weights of the first panel: for each segment and each four of its bytes, 16 columns of four signed bytes.</summary>
    public sbyte* B;

    /// <summary>Bytes from a panel to the next.</summary>
    public nint PanelStride;

    /// <summary>Receives the sums, [rows][panels * 16], overwritten.</summary>
    public int* Sums;

    /// <summary>The rows.</summary>
    public RowPointers Rows;

    /// <summary>Pointers to rows of signed bytes.</summary>
    [InlineArray(VnniTiles.MaxRows)]
    public struct RowPointers
    {
        private nint _first;
    }
}
