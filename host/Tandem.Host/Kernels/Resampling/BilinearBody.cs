using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Resampling;

/// <summary>Four pixels of the input, weighted by their distance.</summary>
internal readonly struct BilinearBody : IPixelBody
{
    internal required TensorView Input { get; init; }

    internal required TensorView Output { get; init; }

    internal required float ScaleY { get; init; }

    internal required float ScaleX { get; init; }

    internal required bool AlignsCorners { get; init; }

    public void At((int Batch, int Channel) plane, int y, int x, long target)
    {
        var (sy, sx) = AlignsCorners ? (y * ScaleY, x * ScaleX)
            : (Math.Max(((y + 0.5f) * ScaleY) - 0.5f, 0), Math.Max(((x + 0.5f) * ScaleX) - 0.5f, 0));
        var (top, left) = (Math.Clamp((int)sy, 0, Input.Sizes[^2] - 1), Math.Clamp((int)sx, 0, Input.Sizes[^1] - 1));
        var (bottom, right) = (Math.Min(top + 1, Input.Sizes[^2] - 1), Math.Min(left + 1, Input.Sizes[^1] - 1));
        double fy = sy - top, fx = sx - left;
        var value = ((1 - fy) * (((1 - fx) * Pixels.Read(Input, plane, top, left)) + (fx * Pixels.Read(Input, plane, top, right))))
            + (fy * (((1 - fx) * Pixels.Read(Input, plane, bottom, left)) + (fx * Pixels.Read(Input, plane, bottom, right))));
        Pixels.Write(Output, target, value);
    }
}
