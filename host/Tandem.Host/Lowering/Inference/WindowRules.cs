using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>Convolution and pooling: operators with windows.</summary>
internal static class WindowRules
{
    public static void Register(Action<ShapeInference.Rule, string> add)
    {
        add(call => Convolve(call, 1, false), "conv1d");
        add(call => Convolve(call, 2, false), "conv2d");
        add(call => Convolve(call, 3, false), "conv3d");
        add(call => Convolve(call, 1, true), "conv_transpose1d");
        add(call => Convolve(call, 2, true), "conv_transpose2d");
        add(call => Convolve(call, 3, true), "conv_transpose3d");
        add(call => Convolve(call, call.Tensor("weight").Rank - 2, call.Bool("transposed")), "convolution");
        add(call => Pool(call, 1), "max_pool1d max_pool1d_with_indices avg_pool1d");
        add(call => Pool(call, 2), "max_pool2d max_pool2d_with_indices avg_pool2d");
        add(call => Pool(call, 3), "max_pool3d max_pool3d_with_indices avg_pool3d");
        add(call => AdaptivePool(call, 1), "adaptive_avg_pool1d adaptive_max_pool1d");
        add(call => AdaptivePool(call, 2), "adaptive_avg_pool2d adaptive_max_pool2d _adaptive_avg_pool2d");
        add(call => AdaptivePool(call, 3), "adaptive_avg_pool3d adaptive_max_pool3d _adaptive_avg_pool3d");
        add(Columns, "im2col");
    }

    private static ImmutableArray<InferredValue> Convolve(OperatorArguments call, int rank, bool isTransposed)
    {
        var (input, weight, bias) = (call.FloatTensor("input"), call.Tensor("weight"), call.OptionalTensor("bias"));
        ShapeRules.CheckRank(call, "weight", weight, rank + 2);
        ShapeRules.CheckRank(call, "input", input, rank + 1, rank + 2);
        ShapeRules.CheckType(call, "weight", weight, input.ScalarType);
        ShapeRules.CheckType(call, "bias", bias, input.ScalarType);
        var groups = call.Int("groups");
        if (groups < 1)
        {
            throw call.Refuse("'groups' is impossible", "1 or more", $"{groups}");
        }

        var lead = input.Rank - rank - 1;
        var (channels, outputs) = isTransposed ? (weight.Sizes[0], weight.Sizes[1] * groups) : (weight.Sizes[1] * groups, weight.Sizes[0]);
        ShapeRules.CheckSame(call, "the number of input channels", channels, input.Sizes[lead]);
        if (!isTransposed && outputs is { IsConstant: true } && outputs.Value % groups != 0)
        {
            throw call.Refuse("the output channels do not divide into the groups", $"a multiple of {groups}", $"{outputs}");
        }

        ShapeRules.CheckSizes(call, "bias", bias, outputs);
        var sizes = input.Sizes.ToBuilder();
        sizes[lead] = outputs;
        var (stride, dilation) = (call.Ints("stride", rank), call.Ints("dilation", rank));
        var padding = Padding(call, rank);
        var extra = isTransposed ? call.Ints("output_padding", rank) : default;
        for (var i = 0; i < rank; i++)
        {
            if (stride[i] < 1 || dilation[i] < 1 || padding is { } given && given[i] < 0)
            {
                throw call.Refuse("the window is impossible", "strides and dilations of 1 or more, paddings of 0 or more",
                    $"stride {stride[i]}, dilation {dilation[i]}, padding {padding?[i]}");
            }

            var size = input.Sizes[lead + 1 + i];
            var reach = (weight.Sizes[i + 2] - 1) * dilation[i];
            sizes[lead + 1 + i] = isTransposed ? ((size - 1) * stride[i]) - (2 * padding!.Value[i]) + reach + extra[i] + 1
                : padding is { } sides ? Positive(call, size + (2 * sides[i]) - reach - 1, stride[i]) : size;
        }

        return [Layouts.Dense(input.ScalarType, sizes.ToImmutable(), Layouts.IsChannelsLast(input) || Layouts.IsChannelsLast(weight) ? ChannelsLast(input.Rank) : [])];
    }

    // Null stands for "same": the sizes stay.
    private static ImmutableArray<long>? Padding(OperatorArguments call, int rank)
    {
        if (call.Text("padding") is not { } text)
        {
            return call.Ints("padding", rank);
        }

        if (text == "same" && call.Ints("stride", rank).Any(stride => stride != 1))
        {
            throw call.Refuse("padding \"same\" needs strides of 1", "1", string.Join(", ", call.Ints("stride", rank)));
        }

        return text switch
        {
            "valid" => [.. Enumerable.Repeat(0L, rank)],
            "same" => null,
            _ => throw call.Refuse("'padding' is unknown", "valid or same", text),
        };
    }

    private static SymbolicInt Positive(OperatorArguments call, SymbolicInt room, long stride) => room.Maximum >= 0 ? (room / stride) + 1
        : throw call.Refuse("the window is larger than its padded input", "0 or more steps", room.ToString());

    private static ImmutableArray<InferredValue> Pool(OperatorArguments call, int rank)
    {
        var self = call.Tensor("self");
        ShapeRules.CheckRank(call, "self", self, rank + 1, rank + 2);
        var kernel = call.Ints("kernel_size", rank);
        var stride = call.Ints("stride") is { Length: 0 } ? kernel : call.Ints("stride", rank);
        var padding = call.Ints("padding", rank);
        var dilation = call.Has("dilation") ? call.Ints("dilation", rank) : [.. Enumerable.Repeat(1L, rank)];
        var isRoundedUp = call.Bool("ceil_mode");
        var sizes = self.Sizes.ToBuilder();
        for (var i = 0; i < rank; i++)
        {
            if (kernel[i] < 1 || stride[i] < 1 || dilation[i] < 1 || padding[i] < 0 || padding[i] > kernel[i] / 2)
            {
                throw call.Refuse("the window is impossible", "sizes of 1 or more, padding of at most half a window",
                    $"kernel {kernel[i]}, stride {stride[i]}, dilation {dilation[i]}, padding {padding[i]}");
            }

            var at = self.Rank - rank + i;
            var size = self.Sizes[at];
            var room = size + (2 * padding[i]) - ((kernel[i] - 1) * dilation[i]) - 1;
            var result = Positive(call, room + (isRoundedUp ? stride[i] - 1 : 0), stride[i]);
            if (isRoundedUp)
            {
                // A last window that starts in the padding on the right is none.
                if (result.IsConstant && size.IsConstant)
                {
                    result = (result.Value - 1) * stride[i] >= size.Value + padding[i] ? result.Value - 1 : result;
                }
                else
                {
                    result = SymbolicInt.Min(result, ((size + padding[i] - 1) / stride[i]) + 1);
                }
            }

            sizes[at] = result;
        }

        var values = Layouts.Dense(self.ScalarType, sizes.ToImmutable(), Layouts.IsChannelsLast(self) ? self.DimOrder : []);
        return call.Schema.Returns.Length == 2 ? [values, values with { ScalarType = ScalarType.Long }] : [values];
    }

    private static ImmutableArray<InferredValue> AdaptivePool(OperatorArguments call, int rank)
    {
        var self = call.FloatTensor("self");
        ShapeRules.CheckRank(call, "self", self, rank + 1, rank + 2);
        ImmutableArray<SymbolicInt> sizes = [.. self.Sizes[..^rank], .. call.Sizes("output_size", rank)];
        var values = Layouts.Dense(self.ScalarType, sizes, Layouts.IsChannelsLast(self) ? self.DimOrder : []);
        return call.Schema.Returns.Length == 2 ? [values, values with { ScalarType = ScalarType.Long }] : [values];
    }

    private static ImmutableArray<InferredValue> Columns(OperatorArguments call)
    {
        var self = call.FloatTensor("self");
        ShapeRules.CheckRank(call, "self", self, 3, 4);
        var (kernel, dilation, padding, stride) = (call.Ints("kernel_size", 2), call.Ints("dilation", 2), call.Ints("padding", 2), call.Ints("stride", 2));
        var places = ShapeRules.Count(Enumerable.Range(0, 2).Select(i =>
            Positive(call, self.Sizes[self.Rank - 2 + i] + (2 * padding[i]) - ((kernel[i] - 1) * dilation[i]) - 1, stride[i])));
        return [Layouts.Contiguous(self.ScalarType, [.. self.Sizes[..^3], self.Sizes[^3] * kernel[0] * kernel[1], places])];
    }

    private static ImmutableArray<byte> ChannelsLast(int rank) => rank == 4 ? [0, 2, 3, 1] : rank == 5 ? [0, 2, 3, 4, 1] : [];
}
