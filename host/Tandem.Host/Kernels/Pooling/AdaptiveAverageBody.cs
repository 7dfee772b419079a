using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Pooling;

/// <summary>Mean of the part of an image that falls to one output.</summary>
internal readonly struct AdaptiveAverageBody : IPixelBody
{
    internal required TensorView Input { get; init; }

    internal required TensorView Output { get; init; }

    public void At((int Batch, int Channel) plane, int y, int x, long target)
    {
        var (top, bottom) = PoolingKernels.Range(y, Output.Sizes[^2], Input.Sizes[^2]);
        var (left, right) = PoolingKernels.Range(x, Output.Sizes[^1], Input.Sizes[^1]);
        var sum = 0.0;
        for (var iy = top; iy < bottom; iy++)
        {
            for (var ix = left; ix < right; ix++)
            {
                sum += Pixels.Read(Input, plane, iy, ix);
            }
        }

        Pixels.Write(Output, target, sum / ((bottom - top) * (right - left)));
    }
}
