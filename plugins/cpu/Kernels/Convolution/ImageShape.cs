namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Sizes of the images that a convolution reads and writes, NHWC; strides in elements.</summary>
/// <param name="Batch">Number of images.</param>
/// <param name="InputHeight">Rows of an input.</param>
/// <param name="InputWidth">Columns of an input.</param>
/// <param name="OutputHeight">Rows of an output.</param>
/// <param name="OutputWidth">Columns of an output.</param>
/// <param name="InputPixelStride">From one input pixel to the next: the channels, or more.</param>
/// <param name="OutputPixelStride">From one output pixel to the next: the channels, or more.</param>
internal readonly record struct ImageShape(
    int Batch,
    int InputHeight,
    int InputWidth,
    int OutputHeight,
    int OutputWidth,
    int InputPixelStride,
    int OutputPixelStride)
{
    public nint InputImage => (nint)InputHeight * InputWidth * InputPixelStride;

    public nint OutputImage => (nint)OutputHeight * OutputWidth * OutputPixelStride;
}
