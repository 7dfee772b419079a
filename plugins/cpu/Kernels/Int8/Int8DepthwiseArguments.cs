namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>One output row of 16 channels of a depthwise convolution of signed bytes.</summary>
internal unsafe struct Int8DepthwiseArguments
{
    /// <summary>[row group][column][16 channels][4 rows], padded on both sides.</summary>
    public byte* Columns;

    /// <summary>Bytes from one row group to the next.</summary>
    public nint GroupStride;

    public nint RowGroups;

    public nint KernelWidth;

    /// <summary>Bytes from one output's first column to the next one's.</summary>
    public nint Step;

    /// <summary>Bytes from one kernel column to the next.</summary>
    public nint Dilation;

    /// <summary>[row group][kernel column][16][4].</summary>
    public byte* Weights;

    /// <summary>Receives [output][16].</summary>
    public int* Sums;

    public nint OutputWidth;
}
