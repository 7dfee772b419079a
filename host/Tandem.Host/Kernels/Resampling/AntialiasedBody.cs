using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Resampling;

/// <summary>All pixels under a triangle that is as wide as a pixel of the output.</summary>
internal readonly struct AntialiasedBody : IPixelBody
{
    internal required TensorView Input { get; init; }

    internal required TensorView Output { get; init; }

    internal required double ScaleY { get; init; }

    internal required double ScaleX { get; init; }

    public void At((int Batch, int Channel) plane, int y, int x, long target)
    {
        var (sum, total) = (0.0, 0.0);
        var (centerY, radiusY) = ((y + 0.5) * ScaleY, Math.Max(ScaleY, 1));
        var (centerX, radiusX) = ((x + 0.5) * ScaleX, Math.Max(ScaleX, 1));
        for (var iy = Math.Max((int)(centerY - radiusY + 0.5), 0); iy < Math.Min((int)(centerY + radiusY + 0.5), Input.Sizes[2]); iy++)
        {
            var wy = Math.Max(1 - Math.Abs((iy - centerY + 0.5) / radiusY), 0);
            for (var ix = Math.Max((int)(centerX - radiusX + 0.5), 0); ix < Math.Min((int)(centerX + radiusX + 0.5), Input.Sizes[3]); ix++)
            {
                var weight = wy * Math.Max(1 - Math.Abs((ix - centerX + 0.5) / radiusX), 0);
                sum += weight * Pixels.Read(Input, plane, iy, ix);
                total += weight;
            }
        }

        Pixels.Write(Output, target, total == 0 ? 0 : sum / total);
    }
}
