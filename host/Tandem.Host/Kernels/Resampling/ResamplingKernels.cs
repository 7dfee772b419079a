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
        Dims.SameType(input, output);
        var body = new NearestBody { Input = input, Output = output, ScaleY = scaleY, ScaleX = scaleX };
        Pixels.ForEach(output, ref body);
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

        var body = new BilinearBody { Input = input, Output = output, ScaleY = scaleY, ScaleX = scaleX, AlignsCorners = alignsCorners };
        Pixels.ForEach(output, ref body);
    }

    // input, output_size, align_corners, scales_h?, scales_w?
    private static void BilinearAntialiased(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        var requested = arguments.IntList(1);
        Dims.Check(input.Rank == 4 && requested.Length == 2, "resampling needs an image and two sizes");
        Dims.Check(requested[0] is > 0 and < int.MaxValue && requested[1] is > 0 and < int.MaxValue && input.Sizes[2] > 0 && input.Sizes[3] > 0, "resampling needs two sizes");
        output.Resize([input.Sizes[0], input.Sizes[1], (int)requested[0], (int)requested[1]]);
        var alignsCorners = arguments.Bool(2);
        var scaleY = Scale(input.Sizes[2], output.Sizes[2], alignsCorners, arguments.OptionalDouble(3));
        var scaleX = Scale(input.Sizes[3], output.Sizes[3], alignsCorners, arguments.OptionalDouble(4));
        var body = new AntialiasedBody { Input = input, Output = output, ScaleY = scaleY, ScaleX = scaleX };
        Pixels.ForEach(output, ref body);
    }

    // input, grid, interpolation (0 bilinear, 1 nearest, 2 bicubic), padding (0 zeros, 1 border, 2 reflection), align_corners
    private static void GridSampler(KernelContext context, Arguments arguments)
    {
        var (input, grid, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(arguments.Count - 1));
        var (mode, padding, alignsCorners) = (arguments.Int(2), arguments.Int(3), arguments.Bool(4));
        Dims.Check(input.Rank == 4 && grid.Rank == 4 && grid.Sizes[3] == 2 && grid.Sizes[0] == input.Sizes[0] && mode is >= 0 and <= 2 && padding is >= 0 and <= 2, "grid_sampler needs an image and a grid of x, y pairs");
        Dims.Check(input.Sizes[2] > 0 && input.Sizes[3] > 0, "grid_sampler needs an image that is not empty");
        output.Resize([input.Sizes[0], input.Sizes[1], grid.Sizes[1], grid.Sizes[2]]);
        var body = new GridBody { Input = input, Grid = grid, Output = output, Mode = mode, Padding = padding, AlignsCorners = alignsCorners };
        Pixels.ForEach(output, ref body);
    }

    private static void Resize(Arguments arguments, TensorView input, TensorView output, int sizeIndex, int factorIndex)
    {
        Dims.Check(input.Rank == 4 && input.Sizes[2] > 0 && input.Sizes[3] > 0, "resampling needs a batch of images");
        Span<int> sizes = stackalloc int[4];
        input.Sizes.CopyTo(sizes);
        if (arguments[sizeIndex].IsNone)
        {
            var factors = arguments.DoubleList(factorIndex);
            Dims.Check(factors.Length == 2 && IsFactor(factors[0]) && IsFactor(factors[1]), "resampling needs two sizes or two positive factors");
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
            Dims.Check(factors.Length == 2 && IsFactor(factors[0]) && IsFactor(factors[1]), "resampling needs two positive factors");
            return ((float)(1 / factors[0]), (float)(1 / factors[1]));
        }

        return ((float)input.Sizes[2] / output.Sizes[2], (float)input.Sizes[3] / output.Sizes[3]);
    }

    private static bool IsFactor(double value) => value is > 0 and < int.MaxValue;

    private static double Scale(int input, int output, bool alignsCorners, double? factor) =>
        alignsCorners ? (output > 1 ? (double)(input - 1) / (output - 1) : 0) : factor is > 0 ? 1 / factor.Value : (double)input / output;
}
