using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Pooling;

/// <summary>Greatest element of a window, and its place in the plane.</summary>
internal readonly unsafe struct MaximumBody : IPixelBody
{
    internal required TensorView Input { get; init; }

    internal required TensorView Values { get; init; }

    internal required TensorView Indices { get; init; }

    internal required PoolingWindow Window { get; init; }

    public void At((int Batch, int Channel) plane, int y, int x, long target)
    {
        var greatest = new Greatest(Input);
        for (var ky = 0; ky < Window.KernelHeight; ky++)
        {
            var iy = (y * Window.StrideHeight) - Window.PaddingHeight + (ky * Window.DilationHeight);
            for (var kx = 0; kx < Window.KernelWidth; kx++)
            {
                var ix = (x * Window.StrideWidth) - Window.PaddingWidth + (kx * Window.DilationWidth);
                if (iy >= 0 && ix >= 0 && iy < Input.Sizes[^2] && ix < Input.Sizes[^1])
                {
                    greatest.Take(plane, iy, ix);
                }
            }
        }

        Pixels.Write(Values, target, greatest.Value);
        ((long*)Indices.Data)[target] = greatest.Place;
    }
}
