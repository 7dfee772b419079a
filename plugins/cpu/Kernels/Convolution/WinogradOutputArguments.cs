namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Products of a run of tiles at the 16 positions, and the 2x2 outputs of each that they become.</summary>
internal unsafe struct WinogradOutputArguments
{
    /// <summary>First tile's products at the first position, in whole registers.</summary>
    public float* Source;

    /// <summary>Elements from one tile to the next.</summary>
    public nint TileStride;

    /// <summary>Elements from one position to the next.</summary>
    public nint PositionStride;

    /// <summary>Tiles, 1 or more.</summary>
    public nint Tiles;

    /// <summary>Channels, 1 or more.</summary>
    public nint Channels;

    /// <summary>First output pixel of the first tile.</summary>
    public float* Destination;

    /// <summary>Elements from one output pixel to the next.</summary>
    public nint PixelStride;

    /// <summary>Elements from one row of output pixels to the next.</summary>
    public nint RowStride;

    /// <summary>Whether the tiles' second row is part of the image.</summary>
    public bool HasSecondRow;

    /// <summary>Whether the last tile's second column is part of the image.</summary>
    public bool HasLastColumn;

    /// <summary>Takes what is not part of the image: as many elements as there are channels, in whole registers.</summary>
    public float* Outside;

    public float Min;

    public float Max;

    /// <summary>For each tile 0, or NaN if one of its sums is NaN, infinite or larger than about a million.</summary>
    public float* Flags;
}
