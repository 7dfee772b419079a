using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Resampling;

/// <summary>Images of another size: nearest, bilinear (with and without antialiasing), and sampling at given places.</summary>
internal static unsafe class ResamplingKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::upsample_nearest2d.vec_out", Nearest)
        .Add("aten::upsample_bilinear2d.vec_out", Bilinear)
        .Add("aten::_upsample_bilinear2d_aa.out", BilinearAntialiased)
        .Add("aten::grid_sampler_2d.out", GridSampler);

    // input, output_size?, scale_factors?
    private static void Nearest(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        Resize(arguments, input, output, 1, 2);
        var (scaleY, scaleX) = Scales(arguments, input, output, 2);
        ForEach(output, (plane, y, x, target) =>
        {
            var iy = Math.Min((int)(y * scaleY), input.Sizes[^2] - 1);
            var ix = Math.Min((int)(x * scaleX), input.Sizes[^1] - 1);
            Buffer.MemoryCopy((byte*)input.Data + (Offset(input, plane, iy, ix) * input.ElementSize), (byte*)output.Data + (target * output.ElementSize), input.ElementSize, input.ElementSize);
        });
    }

    // input, output_size?, align_corners, scale_factors?
    private static void Bilinear(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        Resize(arguments, input, output, 1, 3);
        var alignsCorners = arguments.Bool(2);
        var (scaleY, scaleX) = Scales(arguments, input, output, 3);
        if (alignsCorners)
        {
            scaleY = output.Sizes[^2] > 1 ? (float)(input.Sizes[^2] - 1) / (output.Sizes[^2] - 1) : 0;
            scaleX = output.Sizes[^1] > 1 ? (float)(input.Sizes[^1] - 1) / (output.Sizes[^1] - 1) : 0;
        }

        ForEach(output, (plane, y, x, target) =>
        {
            var (sy, sx) = alignsCorners ? (y * scaleY, x * scaleX)
                : (Math.Max(((y + 0.5f) * scaleY) - 0.5f, 0), Math.Max(((x + 0.5f) * scaleX) - 0.5f, 0));
            var (top, left) = (Math.Min((int)sy, input.Sizes[^2] - 1), Math.Min((int)sx, input.Sizes[^1] - 1));
            var (bottom, right) = (Math.Min(top + 1, input.Sizes[^2] - 1), Math.Min(left + 1, input.Sizes[^1] - 1));
            double fy = sy - top, fx = sx - left;
            var value = ((1 - fy) * (((1 - fx) * Read(input, plane, top, left)) + (fx * Read(input, plane, top, right))))
                + (fy * (((1 - fx) * Read(input, plane, bottom, left)) + (fx * Read(input, plane, bottom, right))));
            Elements.Store((byte*)output.Data + (target * output.ElementSize), output.ScalarType, value);
        });
    }

    // input, output_size, align_corners, scales_h?, scales_w?
    private static void BilinearAntialiased(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        var requested = arguments.IntList(1);
        Dims.Check(input.Rank == 4 && requested.Length == 2, "resampling needs an image and two sizes");
        output.Resize([input.Sizes[0], input.Sizes[1], (int)requested[0], (int)requested[1]]);
        var alignsCorners = arguments.Bool(2);
        var scaleY = Scale(input.Sizes[2], output.Sizes[2], alignsCorners, arguments.OptionalDouble(3));
        var scaleX = Scale(input.Sizes[3], output.Sizes[3], alignsCorners, arguments.OptionalDouble(4));
        ForEach(output, (plane, y, x, target) =>
        {
            var (sum, total) = (0.0, 0.0);
            var (centerY, radiusY) = ((y + 0.5) * scaleY, Math.Max(scaleY, 1));
            var (centerX, radiusX) = ((x + 0.5) * scaleX, Math.Max(scaleX, 1));
            for (var iy = Math.Max((int)(centerY - radiusY + 0.5), 0); iy < Math.Min((int)(centerY + radiusY + 0.5), input.Sizes[2]); iy++)
            {
                var wy = Math.Max(1 - Math.Abs((iy - centerY + 0.5) / radiusY), 0);
                for (var ix = Math.Max((int)(centerX - radiusX + 0.5), 0); ix < Math.Min((int)(centerX + radiusX + 0.5), input.Sizes[3]); ix++)
                {
                    var weight = wy * Math.Max(1 - Math.Abs((ix - centerX + 0.5) / radiusX), 0);
                    sum += weight * Read(input, plane, iy, ix);
                    total += weight;
                }
            }

            Elements.Store((byte*)output.Data + (target * output.ElementSize), output.ScalarType, total == 0 ? 0 : sum / total);
        });
    }

    // input, grid, interpolation (0 bilinear, 1 nearest, 2 bicubic), padding (0 zeros, 1 border, 2 reflection), align_corners
    private static void GridSampler(KernelContext context, Arguments arguments)
    {
        var (input, grid, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(arguments.Count - 1));
        var (mode, padding, alignsCorners) = (arguments.Int(2), arguments.Int(3), arguments.Bool(4));
        Dims.Check(input.Rank == 4 && grid.Rank == 4 && grid.Sizes[3] == 2 && grid.Sizes[0] == input.Sizes[0] && mode is >= 0 and <= 2 && padding is >= 0 and <= 2, "grid_sampler needs an image and a grid of x, y pairs");
        output.Resize([input.Sizes[0], input.Sizes[1], grid.Sizes[1], grid.Sizes[2]]);
        ForEach(output, (plane, y, x, target) =>
        {
            var place = (plane.Batch * grid.Strides[0]) + (y * grid.Strides[1]) + (x * grid.Strides[2]);
            var gx = Elements.LoadDouble((byte*)grid.Data + (place * grid.ElementSize), grid.ScalarType);
            var gy = Elements.LoadDouble((byte*)grid.Data + ((place + grid.Strides[3]) * grid.ElementSize), grid.ScalarType);
            var sx = Unnormalize(gx, input.Sizes[3], alignsCorners);
            var sy = Unnormalize(gy, input.Sizes[2], alignsCorners);
            var value = mode switch
            {
                0 => SampleBilinear(input, plane, Pad(sy, input.Sizes[2], padding, alignsCorners), Pad(sx, input.Sizes[3], padding, alignsCorners)),
                1 => At(input, plane, Math.Round(Pad(sy, input.Sizes[2], padding, alignsCorners), MidpointRounding.ToEven), Math.Round(Pad(sx, input.Sizes[3], padding, alignsCorners), MidpointRounding.ToEven)),
                _ => SampleBicubic(input, plane, sy, sx, padding, alignsCorners),
            };
            Elements.Store((byte*)output.Data + (target * output.ElementSize), output.ScalarType, value);
        });
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
        return ((1 - fy) * (((1 - fx) * At(input, plane, top, left)) + (fx * At(input, plane, top, left + 1))))
            + (fy * (((1 - fx) * At(input, plane, top + 1, left)) + (fx * At(input, plane, top + 1, left + 1))));
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
                sum += wy[i] * wx[j] * At(input, plane, Pad(top - 1 + i, input.Sizes[2], padding, alignsCorners), Pad(left - 1 + j, input.Sizes[3], padding, alignsCorners));
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

    private static double At(TensorView input, (int Batch, int Channel) plane, double y, double x) =>
        y >= 0 && x >= 0 && y < input.Sizes[2] && x < input.Sizes[3] ? Read(input, plane, (int)y, (int)x) : 0;

    private static void Resize(Arguments arguments, TensorView input, TensorView output, int sizeIndex, int factorIndex)
    {
        Dims.Check(input.Rank == 4, "resampling needs a batch of images");
        Span<int> sizes = stackalloc int[4];
        input.Sizes.CopyTo(sizes);
        if (arguments[sizeIndex].IsNone)
        {
            var factors = arguments.DoubleList(factorIndex);
            Dims.Check(factors.Length == 2, "resampling needs two sizes or two factors");
            (sizes[2], sizes[3]) = ((int)(sizes[2] * factors[0]), (int)(sizes[3] * factors[1]));
        }
        else
        {
            var requested = arguments.IntList(sizeIndex);
            Dims.Check(requested.Length == 2 && requested[0] is > 0 and < int.MaxValue && requested[1] is > 0 and < int.MaxValue, "resampling needs two sizes");
            (sizes[2], sizes[3]) = ((int)requested[0], (int)requested[1]);
        }

        output.Resize(sizes);
    }

    // Factors that are given count as they are; sizes give their ratio. In float, as PyTorch's index arithmetic.
    private static (float Y, float X) Scales(Arguments arguments, TensorView input, TensorView output, int factorIndex)
    {
        if (!arguments[factorIndex].IsNone)
        {
            var factors = arguments.DoubleList(factorIndex);
            return ((float)(1 / factors[0]), (float)(1 / factors[1]));
        }

        return ((float)input.Sizes[2] / output.Sizes[2], (float)input.Sizes[3] / output.Sizes[3]);
    }

    private static double Scale(int input, int output, bool alignsCorners, double? factor) =>
        alignsCorners ? (output > 1 ? (double)(input - 1) / (output - 1) : 0) : factor is > 0 ? 1 / factor.Value : (double)input / output;

    private static double Read(TensorView input, (int Batch, int Channel) plane, int y, int x) =>
        Elements.LoadDouble((byte*)input.Data + (Offset(input, plane, y, x) * input.ElementSize), input.ScalarType);

    private static long Offset(TensorView tensor, (int Batch, int Channel) plane, int y, int x) =>
        (plane.Batch * tensor.Strides[0]) + (plane.Channel * tensor.Strides[1]) + (y * tensor.Strides[2]) + (x * tensor.Strides[3]);

    private static void ForEach(TensorView output, Action<(int Batch, int Channel), int, int, long> action)
    {
        for (var n = 0; n < output.Sizes[0]; n++)
        {
            for (var c = 0; c < output.Sizes[1]; c++)
            {
                for (var y = 0; y < output.Sizes[2]; y++)
                {
                    for (var x = 0; x < output.Sizes[3]; x++)
                    {
                        action((n, c), y, x, Offset(output, (n, c), y, x));
                    }
                }
            }
        }
    }
}
