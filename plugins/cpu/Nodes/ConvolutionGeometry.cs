using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>A convolution's parameters as the payload states them, with the far padding that the kernels do not need.</summary>
/// <param name="Parameters">Kernel, stride, dilation, channels, near padding.</param>
/// <param name="PaddingBottom">Rows of padding below.</param>
/// <param name="PaddingRight">Columns of padding to the right.</param>
/// <param name="AdjustmentHeight">Extra output rows of a transposed convolution.</param>
/// <param name="AdjustmentWidth">Extra output columns.</param>
/// <param name="IsSamePadding">Whether the padding follows from the input, as TensorFlow's SAME.</param>
internal sealed record ConvolutionGeometry(
    ConvolutionParameters Parameters, int PaddingBottom, int PaddingRight, int AdjustmentHeight, int AdjustmentWidth, bool IsSamePadding)
{
    /// <summary>Output size of a window that slides over a padded dimension; negative if the window does not fit.</summary>
    public static int Slide(int size, int before, int after, int kernel, int stride, int dilation)
    {
        var room = (long)size + before + after - (((long)kernel - 1) * dilation) - 1;
        return room < 0 ? -1 : (int)Math.Min((room / stride) + 1, int.MaxValue);
    }

    /// <summary>Padding of TensorFlow's SAME: the output has ceil(size / stride) elements, the odd one of padding lies behind.</summary>
    public static (int Before, int After) Same(int size, int kernel, int stride, int dilation)
    {
        var output = ((long)size + stride - 1) / stride;
        var total = (int)Math.Clamp(((output - 1) * stride) + (((long)kernel - 1) * dilation) + 1 - size, 0, int.MaxValue);
        return (total / 2, total - (total / 2));
    }

    /// <summary>Checks an NHWC input and gives the current padding and output size.</summary>
    public (ConvolutionParameters Parameters, int Height, int Width) Measure(NodeSource source, in Shape input, bool isTransposed)
    {
        var p = Parameters;
        if (input.Rank != 4 || input.FromEnd(1) != p.InputChannels)
        {
            throw source.Invalid("the input does not fit the filter", $"[N, H, W, {p.InputChannels}]", input.ToString());
        }

        int height;
        int width;
        if (isTransposed)
        {
            height = Grow(input.FromEnd(3), p.PaddingTop, PaddingBottom, p.KernelHeight, p.StrideHeight, p.DilationHeight, AdjustmentHeight);
            width = Grow(input.FromEnd(2), p.PaddingLeft, PaddingRight, p.KernelWidth, p.StrideWidth, p.DilationWidth, AdjustmentWidth);
        }
        else
        {
            var (bottom, right) = (PaddingBottom, PaddingRight);
            if (IsSamePadding)
            {
                (var top, bottom) = Same(input.FromEnd(3), p.KernelHeight, p.StrideHeight, p.DilationHeight);
                (var left, right) = Same(input.FromEnd(2), p.KernelWidth, p.StrideWidth, p.DilationWidth);
                p = p with { PaddingTop = top, PaddingLeft = left };
            }

            height = Slide(input.FromEnd(3), p.PaddingTop, bottom, p.KernelHeight, p.StrideHeight, p.DilationHeight);
            width = Slide(input.FromEnd(2), p.PaddingLeft, right, p.KernelWidth, p.StrideWidth, p.DilationWidth);
        }

        return height >= 0 && width >= 0 ? (p, height, width)
            : throw source.Invalid("the window is larger than the padded input", $"{p.KernelHeight}x{p.KernelWidth}", input.ToString());
    }

    private static int Grow(int size, int before, int after, int kernel, int stride, int dilation, int adjustment)
    {
        var result = (((long)size - 1) * stride) + (((long)kernel - 1) * dilation) + 1 + adjustment - before - after;
        return size == 0 ? 0 : (int)Math.Clamp(result, -1, int.MaxValue);
    }
}
