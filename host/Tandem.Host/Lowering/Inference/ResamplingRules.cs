using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>Operators that pad, resize or rearrange images.</summary>
internal static class ResamplingRules
{
    public static void Register(Action<ShapeInference.Rule, string> add)
    {
        add(Upsample, "upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_linear1d upsample_bilinear2d upsample_trilinear3d upsample_bicubic2d " +
            "_upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d _upsample_bilinear2d_aa _upsample_bicubic2d_aa");
        add(Pad, "pad constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d replication_pad3d");
        add(GridSample, "grid_sampler grid_sampler_2d grid_sampler_3d");
        add(PixelShuffle, "pixel_shuffle");
        add(PixelUnshuffle, "pixel_unshuffle");
        add(call => [Layouts.Contiguous(call.Tensor("self").ScalarType, call.Tensor("self").Sizes)], "channel_shuffle");
    }

    private static ImmutableArray<InferredValue> Upsample(OperatorArguments call)
    {
        var self = call.Tensor(call.Has("self") ? "self" : "input");
        var rank = call.Operator.Contains("1d") ? 1 : call.Operator.Contains("2d") ? 2 : 3;
        ShapeRules.CheckRank(call, "input", self, rank + 2);
        var sizes = self.Sizes[..2].ToBuilder();
        if (call.OptionalSizes("output_size", rank) is { } given)
        {
            sizes.AddRange(given);
        }
        else
        {
            var scales = call.OptionalNumbers("scale_factors") is { } factors && factors.Length == rank ? factors
                : throw call.Refuse("neither sizes nor scales are given", $"output_size or {rank} scale_factors", "none");
            for (var i = 0; i < rank; i++)
            {
                var size = self.Sizes[i + 2];
                sizes.Add(scales[i] == Math.Floor(scales[i]) && scales[i] is > 0 and < 65536 ? size * (long)scales[i]
                    : size.IsConstant ? (long)Math.Floor(size.Value * scales[i])
                    : throw call.Refuse("the size is not known ahead of time", "a whole scale, or a known size", $"{size} times {scales[i]}"));
            }
        }

        return [Layouts.Dense(self.ScalarType, sizes.ToImmutable(), Layouts.IsChannelsLast(self) ? self.DimOrder : [])];
    }

    private static ImmutableArray<InferredValue> Pad(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var pad = call.Sizes(call.Has("pad") ? "pad" : "padding");
        if (pad.Length % 2 != 0 || pad.Length > 2 * self.Rank)
        {
            throw call.Refuse("the padding does not fit the tensor", $"pairs for at most {self.Rank} dimensions", $"{pad.Length} numbers");
        }

        var isReflection = call.Operator.Contains("reflection") || (call.Has("mode") && call.Text("mode") == "reflect");
        var sizes = self.Sizes.ToBuilder();
        for (var i = 0; i < pad.Length / 2; i++)
        {
            var size = sizes[^(i + 1)];
            var result = size + pad[2 * i] + pad[(2 * i) + 1];
            if (result.Maximum < 0 || (isReflection && (pad[2 * i].Minimum >= size.Maximum || pad[(2 * i) + 1].Minimum >= size.Maximum)))
            {
                throw call.Refuse($"dimension {self.Rank - 1 - i} cannot be padded so", self.ToString(), $"{pad[2 * i]} and {pad[(2 * i) + 1]}");
            }

            sizes[^(i + 1)] = result;
        }

        return [Layouts.Dense(self.ScalarType, sizes.ToImmutable(), Layouts.IsChannelsLast(self) ? self.DimOrder : [])];
    }

    private static ImmutableArray<InferredValue> GridSample(OperatorArguments call)
    {
        var (input, grid) = (call.FloatTensor("input"), call.Tensor("grid"));
        ShapeRules.CheckRank(call, "input", input, 4, 5);
        ShapeRules.CheckRank(call, "grid", grid, input.Rank);
        ShapeRules.CheckSame(call, "the number of coordinates", input.Rank - 2, grid.Sizes[^1]);
        return [Layouts.Contiguous(input.ScalarType, [.. input.Sizes[..2], .. grid.Sizes[1..^1]])];
    }

    private static ImmutableArray<InferredValue> PixelShuffle(OperatorArguments call)
    {
        var (self, factor) = (call.Tensor("self"), call.Int("upscale_factor"));
        if (self.Rank < 3 || factor < 1 || !(self.Sizes[^3] / (factor * factor) * (factor * factor)).IsSameAs(self.Sizes[^3]))
        {
            throw call.Refuse("the channels do not divide into squares", $"a multiple of {factor * factor}", self.ToString());
        }

        return [Layouts.Contiguous(self.ScalarType, [.. self.Sizes[..^3], self.Sizes[^3] / (factor * factor), self.Sizes[^2] * factor, self.Sizes[^1] * factor])];
    }

    private static ImmutableArray<InferredValue> PixelUnshuffle(OperatorArguments call)
    {
        var (self, factor) = (call.Tensor("self"), call.Int("downscale_factor"));
        if (self.Rank < 3 || factor < 1 || !(self.Sizes[^1] / factor * factor).IsSameAs(self.Sizes[^1]) || !(self.Sizes[^2] / factor * factor).IsSameAs(self.Sizes[^2]))
        {
            throw call.Refuse("the image does not divide into squares", $"multiples of {factor}", self.ToString());
        }

        return [Layouts.Contiguous(self.ScalarType, [.. self.Sizes[..^3], self.Sizes[^3] * (factor * factor), self.Sizes[^2] / factor, self.Sizes[^1] / factor])];
    }
}
