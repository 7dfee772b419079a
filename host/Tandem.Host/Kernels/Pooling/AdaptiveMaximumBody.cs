using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Pooling;

/// <summary>Greatest element of the part of an image that falls to one output, and its place in the plane.</summary>
internal readonly unsafe struct AdaptiveMaximumBody : IPixelBody
{
    internal required TensorView Input { get; init; }

    internal required TensorView Values { get; init; }

    internal required TensorView Indices { get; init; }

    public void At((int Batch, int Channel) plane, int y, int x, long target)
    {
        var (top, bottom) = PoolingKernels.Range(y, Values.Sizes[^2], Input.Sizes[^2]);
        var (left, right) = PoolingKernels.Range(x, Values.Sizes[^1], Input.Sizes[^1]);
        var greatest = new Greatest(Input);
        for (var iy = top; iy < bottom; iy++)
        {
            for (var ix = left; ix < right; ix++)
            {
                greatest.Take(plane, iy, ix);
            }
        }

        Pixels.Write(Values, target, greatest.Value);
        ((long*)Indices.Data)[target] = greatest.Place;
    }
}
