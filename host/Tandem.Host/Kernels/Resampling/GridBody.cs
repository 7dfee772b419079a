using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Resampling;

/// <summary>The input at places that a grid of x, y pairs from -1 to 1 names.</summary>
internal readonly unsafe struct GridBody : IPixelBody
{
    internal required TensorView Input { get; init; }

    internal required TensorView Grid { get; init; }

    internal required TensorView Output { get; init; }

    /// <summary>0 bilinear, 1 nearest, 2 bicubic.</summary>
    internal required long Mode { get; init; }

    /// <summary>0 zeros, 1 border, 2 reflection.</summary>
    internal required long Padding { get; init; }

    internal required bool AlignsCorners { get; init; }

    public void At((int Batch, int Channel) plane, int y, int x, long target)
    {
        var place = (plane.Batch * Grid.Strides[0]) + (y * Grid.Strides[1]) + (x * Grid.Strides[2]);
        var gx = Elements.LoadDouble((byte*)Grid.Data + (place * Grid.ElementSize), Grid.ScalarType);
        var gy = Elements.LoadDouble((byte*)Grid.Data + ((place + Grid.Strides[3]) * Grid.ElementSize), Grid.ScalarType);
        var (sx, sy) = (Unnormalize(gx, Input.Sizes[3], AlignsCorners), Unnormalize(gy, Input.Sizes[2], AlignsCorners));
        var value = Mode switch
        {
            0 => SampleBilinear(Input, plane, Pad(sy, Input.Sizes[2], Padding, AlignsCorners), Pad(sx, Input.Sizes[3], Padding, AlignsCorners)),
            1 => Sample(Input, plane, Math.Round(Pad(sy, Input.Sizes[2], Padding, AlignsCorners), MidpointRounding.ToEven), Math.Round(Pad(sx, Input.Sizes[3], Padding, AlignsCorners), MidpointRounding.ToEven)),
            _ => SampleBicubic(Input, plane, sy, sx, Padding, AlignsCorners),
        };
        Pixels.Write(Output, target, value);
    }

    private static double Unnormalize(double value, int size, bool alignsCorners) =>
        alignsCorners ? (value + 1) / 2 * (size - 1) : (((value + 1) * size) - 1) / 2;

    private static double Pad(double value, int size, long padding, bool alignsCorners) => padding switch
    {
        0 => value,
        1 => Clip(value, size),
        _ => Clip(alignsCorners ? Reflect(value, 0, 2 * (size - 1)) : Reflect(value, -1, (2 * size) - 1), size),
    };

    private static double Clip(double value, int size) => double.IsNaN(value) ? 0 : Math.Clamp(value, 0, size - 1);

    // Bounds come doubled, so that halves stay integers.
    private static double Reflect(double value, int low, int high)
    {
        if (low == high)
        {
            return 0;
        }

        var (least, span) = (low / 2.0, (high - low) / 2.0);
        var distance = Math.Abs(value - least);
        var extra = distance % span;
        return Math.Floor(distance / span) % 2 == 0 ? extra + least : span - extra + least;
    }

    private static double SampleBilinear(TensorView input, (int Batch, int Channel) plane, double y, double x)
    {
        var (top, left) = (Math.Floor(y), Math.Floor(x));
        var (fy, fx) = (y - top, x - left);
        return ((1 - fy) * (((1 - fx) * Sample(input, plane, top, left)) + (fx * Sample(input, plane, top, left + 1))))
            + (fy * (((1 - fx) * Sample(input, plane, top + 1, left)) + (fx * Sample(input, plane, top + 1, left + 1))));
    }

    private static double SampleBicubic(TensorView input, (int Batch, int Channel) plane, double y, double x, long padding, bool alignsCorners)
    {
        var (top, left) = (Math.Floor(y), Math.Floor(x));
        Span<double> wy = stackalloc double[4];
        Span<double> wx = stackalloc double[4];
        Cubic(y - top, wy);
        Cubic(x - left, wx);
        var sum = 0.0;
        for (var i = 0; i < 4; i++)
        {
            for (var j = 0; j < 4; j++)
            {
                sum += wy[i] * wx[j] * Sample(input, plane, Pad(top - 1 + i, input.Sizes[2], padding, alignsCorners), Pad(left - 1 + j, input.Sizes[3], padding, alignsCorners));
            }
        }

        return sum;
    }

    // Keys' kernel with a = -0.75, as PyTorch.
    private static void Cubic(double t, Span<double> weights)
    {
        const double a = -0.75;
        weights[0] = Outer(t + 1);
        weights[1] = Inner(t);
        weights[2] = Inner(1 - t);
        weights[3] = Outer(2 - t);

        static double Inner(double d) => ((((a + 2) * d) - (a + 3)) * d * d) + 1;

        static double Outer(double d) => (((((a * d) - (5 * a)) * d) + (8 * a)) * d) - (4 * a);
    }

    private static double Sample(TensorView input, (int Batch, int Channel) plane, double y, double x) =>
        y >= 0 && x >= 0 && y < input.Sizes[2] && x < input.Sizes[3] ? Pixels.Read(input, plane, (int)y, (int)x) : 0;
}
