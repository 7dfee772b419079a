using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Resampling;

/// <summary>The nearest pixel of the input, as it is.</summary>
internal readonly unsafe struct NearestBody : IPixelBody
{
    internal required TensorView Input { get; init; }

    internal required TensorView Output { get; init; }

    internal required float ScaleY { get; init; }

    internal required float ScaleX { get; init; }

    public void At((int Batch, int Channel) plane, int y, int x, long target)
    {
        var size = Input.ElementSize;
        var (iy, ix) = (Math.Clamp((int)(y * ScaleY), 0, Input.Sizes[^2] - 1), Math.Clamp((int)(x * ScaleX), 0, Input.Sizes[^1] - 1));
        Buffer.MemoryCopy((byte*)Input.Data + (Pixels.Offset(Input, plane, iy, ix) * size), (byte*)Output.Data + (target * size), size, size);
    }
}
