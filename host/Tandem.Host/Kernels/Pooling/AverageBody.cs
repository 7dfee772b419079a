using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Pooling;

/// <summary>Mean of a window.</summary>
internal readonly struct AverageBody : IPixelBody
{
    internal required TensorView Input { get; init; }

    internal required TensorView Output { get; init; }

    internal required PoolingWindow Window { get; init; }

    internal required bool CountsPadding { get; init; }

    internal required long? Divisor { get; init; }

    public void At((int Batch, int Channel) plane, int y, int x, long target)
    {
        var (top, left) = ((y * Window.StrideHeight) - Window.PaddingHeight, (x * Window.StrideWidth) - Window.PaddingWidth);
        var bottom = Math.Min(top + Window.KernelHeight, Input.Sizes[^2] + Window.PaddingHeight);
        var right = Math.Min(left + Window.KernelWidth, Input.Sizes[^1] + Window.PaddingWidth);
        var padded = (bottom - top) * (right - left);
        (top, left, bottom, right) = (Math.Max(top, 0), Math.Max(left, 0), Math.Min(bottom, Input.Sizes[^2]), Math.Min(right, Input.Sizes[^1]));
        var sum = 0.0;
        for (var iy = top; iy < bottom; iy++)
        {
            for (var ix = left; ix < right; ix++)
            {
                sum += Pixels.Read(Input, plane, iy, ix);
            }
        }

        var inside = Math.Max(bottom - top, 0) * Math.Max(right - left, 0);
        Pixels.Write(Output, target, inside == 0 ? 0 : sum / (Divisor ?? (CountsPadding ? padded : inside)));
    }
}
