using Tandem.Plugins.Cpu.Graph;

namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>The window of a pooling node.</summary>
internal sealed record PoolingGeometry(
    int PaddingTop, int PaddingRight, int PaddingBottom, int PaddingLeft, int Height, int Width,
    int StrideHeight, int StrideWidth, int DilationHeight, int DilationWidth, bool IsSamePadding)
{
    /// <summary>Checks an NHWC input and gives the current near padding and output size.</summary>
    public (int Top, int Left, int Height, int Width) Measure(NodeSource source, in Shape input)
    {
        if (input.Rank != 4)
        {
            throw source.Invalid("the input is no batch of images", "[N, H, W, C]", input.ToString());
        }

        var (top, bottom) = IsSamePadding ? ConvolutionGeometry.Same(input.FromEnd(3), Height, StrideHeight, DilationHeight) : (PaddingTop, PaddingBottom);
        var (left, right) = IsSamePadding ? ConvolutionGeometry.Same(input.FromEnd(2), Width, StrideWidth, DilationWidth) : (PaddingLeft, PaddingRight);
        var height = ConvolutionGeometry.Slide(input.FromEnd(3), top, bottom, Height, StrideHeight, DilationHeight);
        var width = ConvolutionGeometry.Slide(input.FromEnd(2), left, right, Width, StrideWidth, DilationWidth);
        return height >= 0 && width >= 0 ? (top, left, height, width)
            : throw source.Invalid("the window is larger than the padded input", $"{Height}x{Width}", input.ToString());
    }
}
