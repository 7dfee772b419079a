namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// What one tile kernel computes: C[i, j] = clamp(init + sum over segments s and l of rows[i][offsets[s] + l] * b[step of (s, l), j]).
/// A plain matrix product has one segment; a convolution has one for every kernel row or kernel pixel, so no patch matrix is built.
/// </summary>
internal unsafe struct TileArguments
{
    /// <summary>Address of each row of A; as many as the kernel's rows.</summary>
    public float** Rows;

    /// <summary>Offset in elements of each segment from the row's address.</summary>
    public nint* Offsets;

    /// <summary>Number of segments, 1 or more.</summary>
    public nint SegmentCount;

    /// <summary>Elements of a segment, 1 or more.</summary>
    public nint SegmentLength;

    /// <summary>First panel of B; its elements are what the kernel reads: floats, or narrower ones.</summary>
    public void* B;

    /// <summary>Elements from one step of K to the next in a panel.</summary>
    public nint BStep;

    /// <summary>Elements from one panel to the next.</summary>
    public nint BPanel;

    /// <summary>First element of the tile of C.</summary>
    public float* C;

    /// <summary>Elements from one row of C to the next.</summary>
    public nint CStride;

    /// <summary>Initial values, whole panels: the bias, or C itself to go on from what it holds.</summary>
    public float* Init;

    /// <summary>Elements from one row of initial values to the next; 0 for a bias.</summary>
    public nint InitStride;

    /// <summary>Whether <see cref="Min"/> and <see cref="Max"/> bound anything.</summary>
    public bool IsBounded;

    public float Min;

    public float Max;

    /// <summary>Lanes of the last panel that exist in C, 1 to the register's width.</summary>
    public nint LastLanes;
}
