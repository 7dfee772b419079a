using Tandem.Plugins.Cpu.Lowering.Constants;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Operators;

/// <summary>Convolutions of one and two dimensions, plain, depthwise and transposed.</summary>
internal static class ConvolutionOperators
{
    public static void Register(Dictionary<string, Action<OperatorNode>> table) => table.Add("aten::convolution", Lower);

    private static void Lower(OperatorNode node)
    {
        var (writer, input, weight, bias) = (node.Writer, node.Tensor("input"), node.Tensor("weight"), node.OptionalTensor("bias"));
        if (input.Rank is not (3 or 4) || weight.Rank != input.Rank)
        {
            throw new LoweringRefusal($"a convolution of an input of rank {input.Rank}; payloads have one and two dimensions, in batches");
        }

        if (!weight.IsConstant || bias is { IsConstant: false })
        {
            throw new LoweringRefusal("the weight or bias is computed at run time");
        }

        if (input.IsConstant)
        {
            throw new LoweringRefusal("the input is a constant");
        }

        var isTransposed = node.Bool("transposed");
        var groups = checked((int)node.Int("groups", 1));
        if (input.Rank == 4)
        {
            var image = Add(
                writer, writer.Read(input, [0, 2, 3, 1]), input.Type, weight.Constant, bias, groups, isTransposed, Pair(node, "stride", 1), Pair(node, "padding", 0),
                Pair(node, "dilation", 1), Pair(node, "output_padding", 0), GraphWriter.Arrange(node.Sizes, [0, 2, 3, 1]));
            node.Set(GraphWriter.Wrap(image, input.Type, node.Sizes, [0, 2, 3, 1]));
            return;
        }

        // A line is an image of height 1; both reshapes keep the elements in place.
        var line = writer.Read(input, [0, 2, 1]);
        var (batch, channels, length) = (input.Sizes[0], input.Sizes[1], input.Sizes[2]);
        SymbolicInt[] inner = [batch, 1, length, channels];
        SymbolicInt[] result = [node.Sizes[0], node.Sizes[2], node.Sizes[1]];
        if (!GraphWriter.CanInfer(inner) || !GraphWriter.CanInfer(result))
        {
            throw new LoweringRefusal("batch and length are both known at run time only; a payload infers at most one size of a reshape");
        }

        (int, int) Line(string name, int across)
        {
            var values = node.Ints(name, across);
            return (across, checked((int)values[0]));
        }

        var kernel = weight.Constant.Reshape([weight.Constant.Sizes[0], weight.Constant.Sizes[1], 1, weight.Constant.Sizes[2]]);
        var id = Add(
            writer, writer.AddReshape(line, input.Type, inner), input.Type, kernel, bias, groups, isTransposed, Line("stride", 1), Line("padding", 0),
            Line("dilation", 1), Line("output_padding", 0), [result[0], 1, result[1], result[2]]);
        node.Set(GraphWriter.Wrap(writer.AddReshape(id, input.Type, result), input.Type, node.Sizes, [0, 2, 1]));
    }

    private static (int Height, int Width) Pair(OperatorNode node, string name, int defaultValue)
    {
        var values = node.Ints(name, defaultValue);
        return (checked((int)values[0]), checked((int)values[^1]));
    }

    private static uint Add(
        GraphWriter writer, uint input, ScalarType type, ConstantTensor weight, LoweredTensor? bias, int groups, bool isTransposed, (int Height, int Width) stride,
        (int Height, int Width) padding, (int Height, int Width) dilation, (int Height, int Width) adjustment, SymbolicInt[] sizes)
    {
        if (padding.Height < 0 || padding.Width < 0 || stride.Height < 1 || stride.Width < 1 || dilation.Height < 1 || dilation.Width < 1)
        {
            throw new LoweringRefusal("a negative padding, or a stride or dilation below 1");
        }

        // PyTorch stores [OC, IC/g, KH, KW], and [IC, OC/g, KH, KW] of a transposed convolution.
        var (first, second, height, width) = (weight.Sizes[0], weight.Sizes[1], weight.Sizes[2], weight.Sizes[3]);
        var inputChannels = isTransposed ? first / groups : second;
        var outputChannels = isTransposed ? second : first / groups;
        var isDepthwise = !isTransposed && inputChannels == 1 && groups > 1;
        var filter = isTransposed ? Regroup(weight, groups) : weight.Permute(isDepthwise ? [1, 2, 3, 0] : [0, 2, 3, 1]);

        // Filters of convolutions are float32 in every payload; XNNPACK converts them while it packs.
        var filterId = writer.Read(new LoweredTensor(filter.To(ScalarType.Float)));
        var biasId = bias is null ? PayloadValue.NoId : writer.Read(new LoweredTensor(bias.Constant.To(ScalarType.Float)));
        var kind = isTransposed ? PayloadNodeKind.ConvTranspose2d : isDepthwise ? PayloadNodeKind.DepthwiseConv2d : PayloadNodeKind.Conv2d;
        return writer.AddNode(
            kind, [input, filterId, biasId], type, sizes, convolution: new PayloadConvolution(
                (uint)padding.Height, (uint)padding.Width, (uint)padding.Height, (uint)padding.Width, (uint)height, (uint)width, (uint)stride.Height,
                (uint)stride.Width, (uint)dilation.Height, (uint)dilation.Width, (uint)inputChannels, (uint)outputChannels, (uint)groups,
                isTransposed ? (uint)adjustment.Height : 0, isTransposed ? (uint)adjustment.Width : 0));
    }

    // [IC, OC/g, KH, KW] to [OC, KH, KW, IC/g], group by group.
    private static ConstantTensor Regroup(ConstantTensor weight, int groups)
    {
        var (channels, outputs, height, width) = (weight.Sizes[0] / groups, weight.Sizes[1], weight.Sizes[2], weight.Sizes[3]);
        return groups == 1 ? weight.Permute([1, 2, 3, 0])
            : weight.Reshape([groups, channels, outputs, height, width]).Permute([0, 2, 3, 4, 1]).Reshape([groups * outputs, height, width, channels]);
    }
}
