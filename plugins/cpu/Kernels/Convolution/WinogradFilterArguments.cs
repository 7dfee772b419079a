namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Some input channels of one packed panel of 3x3 filters, and where their transforms go.</summary>
internal unsafe struct WinogradFilterArguments
{
    /// <summary>The panel's first channel of the first kernel element; elements are what the kernel reads.</summary>
    public void* Source;

    /// <summary>Elements from one kernel element to the next.</summary>
    public nint ElementStride;

    /// <summary>Channels, 0 or more, one register apart.</summary>
    public nint Channels;

    /// <summary>First channel's transform at the first of the 16 positions.</summary>
    public float* Destination;

    /// <summary>Elements from one position to the next.</summary>
    public nint PositionStride;
}
