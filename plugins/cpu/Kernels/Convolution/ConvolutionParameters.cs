using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Geometry of a convolution. Padding at the far edges follows from the output size that the caller gives.</summary>
/// <param name="KernelHeight">Rows of the kernel, 1 or more.</param>
/// <param name="KernelWidth">Columns of the kernel, 1 or more.</param>
/// <param name="StrideHeight">Rows between outputs (for a transposed convolution between inputs), 1 or more.</param>
/// <param name="StrideWidth">Columns likewise.</param>
/// <param name="DilationHeight">Rows between kernel elements, 1 or more.</param>
/// <param name="DilationWidth">Columns likewise.</param>
/// <param name="PaddingTop">Rows of zeros above the input; of a transposed convolution rows cut off the output.</param>
/// <param name="PaddingLeft">Columns likewise.</param>
/// <param name="Groups">Groups of channels that do not mix.</param>
/// <param name="GroupInputChannels">Input channels of a group.</param>
/// <param name="GroupOutputChannels">Output channels of a group.</param>
internal readonly record struct ConvolutionParameters(
    int KernelHeight,
    int KernelWidth,
    int StrideHeight,
    int StrideWidth,
    int DilationHeight,
    int DilationWidth,
    int PaddingTop,
    int PaddingLeft,
    int Groups,
    int GroupInputChannels,
    int GroupOutputChannels)
{
    public int KernelSize => KernelHeight * KernelWidth;

    public int InputChannels => Groups * GroupInputChannels;

    public int OutputChannels => Groups * GroupOutputChannels;

    /// <summary>Rows of input, padding included, that so many output rows read.</summary>
    public int InputRows(int outputRows) => Extent(outputRows, StrideHeight, KernelHeight, DilationHeight);

    /// <summary>Columns of input, padding included, that so many output columns read.</summary>
    public int InputColumns(int outputColumns) => Extent(outputColumns, StrideWidth, KernelWidth, DilationWidth);

    private static int Extent(int outputs, int stride, int kernel, int dilation)
    {
        var extent = ((outputs - 1L) * stride) + ((kernel - 1L) * dilation) + 1;
        return extent <= int.MaxValue ? (int)extent : throw new TandemException(
            ErrorCode.PayloadNotSupported, "a convolution reaches over too many rows or columns",
            new ErrorDetails { Expected = $"at most {int.MaxValue}", Found = $"{extent} for {outputs} outputs, stride {stride}, dilation {dilation}" });
    }
}
