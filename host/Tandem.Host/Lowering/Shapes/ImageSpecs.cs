using Tandem.Host.Lowering.Passes;
using Tandem.Host.Lowering.Symbolic;
using Tandem.Sdk;
using SpecRule = Tandem.Host.Lowering.Shapes.SpecInference.SpecRule;

namespace Tandem.Host.Lowering.Shapes;

/// <summary>Specs of convolution, pooling, padding and resampling.</summary>
internal static class ImageSpecs
{
    internal static void Register(Dictionary<string, SpecRule> rules)
    {
        rules.Add("aten::convolution", call => [Convolution(call)]);
        rules.Add("aten::max_pool2d_with_indices", call => Pooled(call) is var spec ? [spec, spec with { ScalarType = ScalarType.Long }] : []);
        rules.Add("aten::avg_pool2d", call => [Pooled(call)]);
        foreach (var name in (ReadOnlySpan<string>)["_adaptive_avg_pool2d", "adaptive_avg_pool2d", "_adaptive_avg_pool3d"])
        {
            rules.Add("aten::" + name, call => [Resized(call, call.List("output_size").Select(call.Size))]);
        }

        rules.Add("aten::adaptive_max_pool2d", call => Resized(call, call.List("output_size").Select(call.Size)) is var spec ? [spec, spec with { ScalarType = ScalarType.Long }] : []);
        rules.Add("aten::constant_pad_nd", call => [Padded(call, call.List("pad"))]);
        foreach (var name in (ReadOnlySpan<string>)["reflection_pad1d", "reflection_pad2d", "reflection_pad3d", "replication_pad1d", "replication_pad2d", "replication_pad3d"])
        {
            rules.Add("aten::" + name, call => [Padded(call, call.List("padding"))]);
        }

        foreach (var name in (ReadOnlySpan<string>)["upsample_nearest2d.vec", "upsample_bilinear2d.vec", "_upsample_bilinear2d_aa.vec"])
        {
            rules.Add("aten::" + name, call =>
            {
                var spec = call.Tensor("input").Tensor!;
                return [Spatial(spec, call.OptionalList("output_size")?.Select(call.Size)
                    ?? call.OptionalDoubles("scale_factors")!.Select((scale, i) => Scaled(call, spec.Sizes[i + 2], scale)))];
            });
        }

        rules.Add("aten::_upsample_bilinear2d_aa", call => [Resized(call, call.List("output_size").Select(call.Size))]);
        rules.Add("aten::pixel_shuffle", call =>
        {
            var (spec, factor) = (ViewSpecs.Self(call), call.Int("upscale_factor"));
            return [SpecInference.Contiguous(spec.ScalarType, [.. spec.Sizes.Take(spec.Rank - 3), SymbolicMath.FloorDivide(spec.Sizes[^3], factor * factor),
                SymbolicMath.Multiply(spec.Sizes[^2], factor), SymbolicMath.Multiply(spec.Sizes[^1], factor)])];
        });
        rules.Add("aten::pixel_unshuffle", call =>
        {
            var (spec, factor) = (ViewSpecs.Self(call), call.Int("downscale_factor"));
            return [SpecInference.Contiguous(spec.ScalarType, [.. spec.Sizes.Take(spec.Rank - 3), SymbolicMath.Multiply(spec.Sizes[^3], factor * factor),
                SymbolicMath.FloorDivide(spec.Sizes[^2], factor), SymbolicMath.FloorDivide(spec.Sizes[^1], factor)])];
        });
        rules.Add("aten::grid_sampler_2d", call =>
        {
            var (spec, grid) = (call.Tensor("input").Tensor!, call.Tensor("grid").Tensor!);
            return [SpecInference.Contiguous(spec.ScalarType, [spec.Sizes[0], spec.Sizes[1], grid.Sizes[1], grid.Sizes[2]])];
        });
        rules.Add("aten::glu", call =>
        {
            var spec = ViewSpecs.Self(call);
            var dim = call.Dim("dim", spec.Rank);
            return [SpecInference.Contiguous(spec.ScalarType, spec.Sizes.SetItem(dim, SymbolicMath.FloorDivide(spec.Sizes[dim], 2)))];
        });
    }

    internal static SymbolicInt Scaled(OperatorCall call, SymbolicInt size, double scale) => size.IsConstant ? (long)Math.Floor(size.Value * scale)
        : scale == Math.Floor(scale) ? SymbolicMath.Multiply(size, (long)scale)
        : SymbolicInt.Symbol($"scaled({size.Expression})", (long)Math.Floor(size.Minimum * scale), size.IsBounded ? (long)Math.Floor(size.Maximum * scale) : long.MaxValue);

    private static TensorSpec Spatial(TensorSpec spec, IEnumerable<SymbolicInt> spatial)
    {
        var sizes = spatial.ToArray();
        return SpecInference.Like(spec, spec.ScalarType, [.. spec.Sizes.Take(spec.Rank - sizes.Length), .. sizes]);
    }

    private static TensorSpec Resized(OperatorCall call, IEnumerable<SymbolicInt> spatial) => Spatial(ViewSpecs.Self(call), spatial);

    private static TensorSpec Convolution(OperatorCall call)
    {
        var (input, weight) = (call.Tensor("input").Tensor!, call.Tensor("weight").Tensor!);
        var spatial = weight.Rank - 2;
        var (stride, padding, dilation, output) = (Spread(call.Ints("stride"), spatial), Spread(call.Ints("padding"), spatial), Spread(call.Ints("dilation"), spatial), Spread(call.Ints("output_padding"), spatial));
        var isTransposed = call.Bool("transposed");
        var batch = input.Rank == weight.Rank ? 1 : 0;
        var sizes = new SymbolicInt[input.Rank];
        if (batch == 1)
        {
            sizes[0] = input.Sizes[0];
        }

        sizes[batch] = isTransposed ? SymbolicMath.Multiply(weight.Sizes[1], call.Int("groups")) : weight.Sizes[0];
        for (var i = 0; i < spatial; i++)
        {
            var (size, kernel) = (input.Sizes[batch + 1 + i], weight.Sizes[2 + i]);
            var extent = SymbolicMath.Add(SymbolicMath.Multiply(SymbolicMath.Subtract(kernel, 1), dilation[i]), 1);
            sizes[batch + 1 + i] = isTransposed
                ? SymbolicMath.Add(SymbolicMath.Add(SymbolicMath.Multiply(SymbolicMath.Subtract(size, 1), stride[i]), extent), output[i] - (2 * padding[i]))
                : SymbolicMath.Add(SymbolicMath.FloorDivide(SymbolicMath.Subtract(SymbolicMath.Add(size, 2 * padding[i]), extent), stride[i]), 1);
        }

        return SpecInference.Like(input, input.ScalarType, sizes);
    }

    private static TensorSpec Pooled(OperatorCall call)
    {
        var spec = ViewSpecs.Self(call);
        var kernel = Spread(call.Ints("kernel_size"), 2);
        var stride = call.OptionalInts("stride") is { Length: > 0 } given ? Spread(given, 2) : kernel;
        var padding = Spread(call.Ints("padding"), 2);
        var dilation = call.Schema?.Find("dilation") is null ? [1, 1] : Spread(call.Ints("dilation"), 2);
        return Resized(call, Enumerable.Range(0, 2).Select(i => Windows(spec.Sizes[spec.Rank - 2 + i], kernel[i], stride[i], padding[i], dilation[i], call.Bool("ceil_mode"))));
    }

    private static SymbolicInt Windows(SymbolicInt size, long kernel, long stride, long padding, long dilation, bool ceils)
    {
        var room = SymbolicMath.Add(size, (2 * padding) - (dilation * (kernel - 1)) - 1);
        if (!ceils)
        {
            return SymbolicMath.Add(SymbolicMath.FloorDivide(room, stride), 1);
        }

        var count = SymbolicMath.Add(SymbolicMath.FloorDivide(SymbolicMath.Add(room, stride - 1), stride), 1);
        // The last window starts inside the input or its left padding.
        return count.IsConstant && size.IsConstant && (count.Value - 1) * stride >= size.Value + padding ? count.Value - 1 : count;
    }

    private static TensorSpec Padded(OperatorCall call, GraphArgument[] padding)
    {
        var spec = ViewSpecs.Self(call);
        var sizes = spec.Sizes.ToArray();
        for (var i = 0; i < padding.Length / 2; i++)
        {
            ref var size = ref sizes[spec.Rank - 1 - i];
            size = SymbolicMath.Add(size, SymbolicMath.Add(call.Size(padding[2 * i]), call.Size(padding[(2 * i) + 1])));
        }

        return SpecInference.Like(spec, spec.ScalarType, sizes);
    }

    internal static long[] Spread(long[] values, int count) => values.Length == 1 ? [.. Enumerable.Repeat(values[0], count)] : values;
}
