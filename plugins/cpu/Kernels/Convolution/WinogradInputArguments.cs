namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>A run of 4x4 input tiles side by side, two columns apart, and where their transforms go.</summary>
internal unsafe struct WinogradInputArguments
{
    /// <summary>First pixel of the first tile's first row.</summary>
    public float* Source;

    /// <summary>Elements from one row of pixels to the next.</summary>
    public nint RowStride;

    /// <summary>Elements from one pixel to the next.</summary>
    public nint PixelStride;

    /// <summary>Channels, 1 or more.</summary>
    public nint Channels;

    /// <summary>Tiles, 1 or more.</summary>
    public nint Tiles;

    /// <summary>First tile's transform at the first of the 16 positions; written in whole registers, lanes beyond the channels 0.</summary>
    public float* Destination;

    /// <summary>Elements from one tile to the next, the channels in whole registers at least.</summary>
    public nint TileStride;

    /// <summary>Elements from one position to the next.</summary>
    public nint PositionStride;
}
