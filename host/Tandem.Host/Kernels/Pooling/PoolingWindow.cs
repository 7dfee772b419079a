using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Pooling;

/// <summary>Sizes of a pooling, with PyTorch's rule for rounding up: the last window begins inside the input or its leading padding.</summary>
internal readonly struct PoolingWindow
{
    internal int KernelHeight { get; private init; }

    internal int KernelWidth { get; private init; }

    internal int StrideHeight { get; private init; }

    internal int StrideWidth { get; private init; }

    internal int PaddingHeight { get; private init; }

    internal int PaddingWidth { get; private init; }

    internal int DilationHeight { get; private init; }

    internal int DilationWidth { get; private init; }

    internal int OutputHeight { get; private init; }

    internal int OutputWidth { get; private init; }

    internal static PoolingWindow Create(
        TensorView input, ReadOnlySpan<long> kernel, ReadOnlySpan<long> stride, ReadOnlySpan<long> padding, ReadOnlySpan<long> dilation, bool roundsUp)
    {
        Dims.Check(input.Rank is 3 or 4 && kernel.Length is 1 or 2, "pooling needs an image and a window");
        stride = stride.Length == 0 ? kernel : stride;
        var window = new PoolingWindow
        {
            KernelHeight = Item(kernel, 0, 1),
            KernelWidth = Item(kernel, 1, 1),
            StrideHeight = Item(stride, 0, 1),
            StrideWidth = Item(stride, 1, 1),
            PaddingHeight = Item(padding, 0, 0),
            PaddingWidth = Item(padding, 1, 0),
            DilationHeight = Item(dilation, 0, 1),
            DilationWidth = Item(dilation, 1, 1),
        };
        Dims.Check(window.PaddingHeight * 2 <= window.KernelHeight && window.PaddingWidth * 2 <= window.KernelWidth, "padding is over half of the window");
        return window with
        {
            OutputHeight = Output(input.Sizes[^2], window.KernelHeight, window.StrideHeight, window.PaddingHeight, window.DilationHeight, roundsUp),
            OutputWidth = Output(input.Sizes[^1], window.KernelWidth, window.StrideWidth, window.PaddingWidth, window.DilationWidth, roundsUp),
        };
    }

    private static int Output(int size, int kernel, int stride, int padding, int dilation, bool roundsUp)
    {
        var span = size + (2L * padding) - ((long)dilation * (kernel - 1)) - 1;
        Dims.Check(span >= 0 || roundsUp, "the window is larger than the image");
        var count = ((span + (roundsUp ? stride - 1 : 0)) / stride) + 1;
        return (int)(roundsUp && (count - 1) * stride >= size + padding ? count - 1 : count);
    }

    private static int Item(ReadOnlySpan<long> list, int index, int least)
    {
        var value = list.Length == 0 ? least : list[Math.Min(index, list.Length - 1)];
        Dims.Check(value >= least && value <= 1 << 20, "a pooling's size is out of range");
        return (int)value;
    }
}
