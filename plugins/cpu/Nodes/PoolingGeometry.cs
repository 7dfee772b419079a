using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;

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

    /// <summary>Sizes and window for a kernel, without addresses and bounds.</summary>
    public PoolingArguments Arguments(NodeSource source, in Shape input)
    {
        var (top, left, height, width) = Measure(source, input);
        return new PoolingArguments
        {
            InputHeight = input.FromEnd(3),
            InputWidth = input.FromEnd(2),
            OutputHeight = height,
            OutputWidth = width,
            Channels = input.FromEnd(1),
            PaddingTop = top,
            PaddingLeft = left,
            WindowHeight = Height,
            WindowWidth = Width,
            StrideHeight = StrideHeight,
            StrideWidth = StrideWidth,
            DilationHeight = DilationHeight,
            DilationWidth = DilationWidth,
        };
    }

    /// <summary>The same for the one window that is the whole image.</summary>
    public static PoolingArguments WholeImage(in Shape input) => new()
    {
        InputHeight = input.FromEnd(3),
        InputWidth = input.FromEnd(2),
        OutputHeight = 1,
        OutputWidth = 1,
        Channels = input.FromEnd(1),
        WindowHeight = input.FromEnd(3),
        WindowWidth = input.FromEnd(2),
        StrideHeight = 1,
        StrideWidth = 1,
        DilationHeight = 1,
        DilationWidth = 1,
    };

    /// <summary>The shape of a mean over the two dimensions before the channels.</summary>
    public static unsafe Shape Reduce(NodeSource source, Shape shape, bool keepsDimensions)
    {
        if (shape.Rank < 3)
        {
            throw source.Invalid("the input is no image", "[..., H, W, C]", shape.ToString());
        }

        if (keepsDimensions)
        {
            (shape.Dims[shape.Rank - 2], shape.Dims[shape.Rank - 3]) = (1, 1);
        }
        else
        {
            shape.Dims[shape.Rank - 3] = shape.Dims[shape.Rank - 1];
            shape.Rank -= 2;
        }

        return shape;
    }
}
