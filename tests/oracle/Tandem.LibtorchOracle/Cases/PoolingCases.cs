using Tandem.Host.Building;
using static Tandem.LibtorchOracle.Cases.CaseFactory;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Tandem.LibtorchOracle.Cases;

/// <summary>Pooling, upsampling, padding and pixel shuffle of images.</summary>
internal static class PoolingCases
{
    public static IEnumerable<OracleCase> All(ValueSource values)
    {
        foreach (var (kernel, stride, padding, ceil) in ((int, int, int, bool)[])[(2, 2, 0, false), (3, 2, 1, false), (3, 2, 1, true), (2, 1, 0, true), (3, 3, 1, true), (1, 2, 0, false)])
        {
            int[] shape = [2, 3, values.Next(5, 12), values.Next(5, 12)];
            var name = $"kernel {kernel} stride {stride} padding {padding}{(ceil ? " ceil" : "")}";
            yield return Case($"max_pool2d {name}", [values.Normal(shape)], x => x[0].MaxPool2d(kernel, stride, padding, ceilMode: ceil), x => F.max_pool2d(x[0], kernel, stride, padding, ceil_mode: ceil));
            yield return Case($"max_pool2d extreme {name}", [values.Extreme(shape)], x => x[0].MaxPool2d(kernel, stride, padding, ceilMode: ceil), x => F.max_pool2d(x[0], kernel, stride, padding, ceil_mode: ceil));
            yield return Case($"avg_pool2d {name}", [values.Normal(shape)], x => x[0].AvgPool2d(kernel, stride, padding, ceil), x => F.avg_pool2d(x[0], kernel, stride, padding, ceil));
            yield return Case($"avg_pool2d without padding in the count {name}", [values.Normal(shape)], x => x[0].AvgPool2d(kernel, stride, padding, ceil, false),
                x => F.avg_pool2d(x[0], kernel, stride, padding, ceil, false));
        }

        yield return Case("max_pool2d dilated", [values.Normal(1, 2, 9, 9)], x => x[0].MaxPool2d(3, 1, 1, 2), x => F.max_pool2d(x[0], 3, 1, 1, 2));
        yield return Case("max_pool2d without batch", [values.Normal(2, 6, 7)], x => x[0].MaxPool2d((2, 3)), x => F.max_pool2d(x[0], (2, 3)));
        yield return Case("avg_pool2d without batch", [values.Normal(2, 6, 7)], x => x[0].AvgPool2d((2, 3)), x => F.avg_pool2d(x[0], (2, 3)));
        foreach (var (height, width) in ((int, int)[])[(1, 1), (3, 2), (7, 5), (9, 9)])
        {
            yield return Case($"adaptive_avg_pool2d {height} {width}", [values.Normal(2, 3, 7, 5)], x => x[0].AdaptiveAvgPool2d((height, width)), x => F.adaptive_avg_pool2d(x[0], (height, width)));
            yield return Many($"adaptive_max_pool2d {height} {width}", [values.Distinct(2, 3, 7, 5)], x => Both(x[0].AdaptiveMaxPool2d((height, width))),
                x => Both(F.adaptive_max_pool2d_with_indices(x[0], [height, width])));
        }

        foreach (var (height, width) in ((double, double)[])[(2, 2), (3, 1), (1.5, 2.5), (0.5, 0.7)])
        {
            yield return Case($"upsample_nearest2d {height} {width}", [values.Normal(1, 2, 5, 4)], x => x[0].UpsampleNearest2d((height, width)),
                x => F.interpolate(x[0], scale_factor: [height, width], mode: TorchSharp.torch.InterpolationMode.Nearest));
            yield return Case($"upsample_bilinear2d {height} {width}", [values.Normal(1, 2, 5, 4)], x => x[0].UpsampleBilinear2d((height, width)),
                x => F.interpolate(x[0], scale_factor: [height, width], mode: TorchSharp.torch.InterpolationMode.Bilinear, align_corners: false));
            yield return Case($"upsample_bilinear2d align_corners {height} {width}", [values.Normal(1, 2, 5, 4)], x => x[0].UpsampleBilinear2d((height, width), true),
                x => F.interpolate(x[0], scale_factor: [height, width], mode: TorchSharp.torch.InterpolationMode.Bilinear, align_corners: true));
        }

        yield return Case("upsample_bilinear2d one pixel", [values.Normal(1, 2, 1, 1)], x => x[0].UpsampleBilinear2d((3, 2)),
            x => F.interpolate(x[0], scale_factor: [3, 2], mode: TorchSharp.torch.InterpolationMode.Bilinear, align_corners: false));
        yield return Case("pixel_shuffle", [values.Normal(2, 8, 3, 2)], x => x[0].PixelShuffle(2), x => F.pixel_shuffle(x[0], 2));
        yield return Case("pad", [values.Normal(2, 3, 4)], x => x[0].Pad([1, 2, 0, 3], value: 0.5), x => F.pad(x[0], (long[])[1, 2, 0, 3], value: 0.5));
        yield return Case("pad negative", [values.Normal(2, 3, 4)], x => x[0].Pad([-1, 2, 1, -1]), x => F.pad(x[0], (long[])[-1, 2, 1, -1]));
        yield return Case("pad empty", [values.Normal(0, 3)], x => x[0].Pad([1, 1, 2, 0], value: -1), x => F.pad(x[0], (long[])[1, 1, 2, 0], value: -1));
        yield return Case("pad reflect", [values.Normal(1, 2, 4, 5)], x => x[0].Pad([1, 2, 3, 0], "reflect"), x => F.pad(x[0], (long[])[1, 2, 3, 0], TorchSharp.PaddingModes.Reflect));
        yield return Case("pad replicate", [values.Normal(1, 2, 4, 5)], x => x[0].Pad([1, 2, 3, 0], "replicate"), x => F.pad(x[0], (long[])[1, 2, 3, 0], TorchSharp.PaddingModes.Replicate));
    }

    private static GraphTensor[] Both((GraphTensor Values, GraphTensor Indices) results) => [results.Values, results.Indices];

    private static Tensor[] Both((Tensor Values, Tensor Indices) results) => [results.Values, results.Indices];
}
