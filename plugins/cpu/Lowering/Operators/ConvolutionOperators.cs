using Tandem.Plugins.Cpu.Lowering.Constants;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Operators;

/// <summary>Convolutions of one and two dimensions, plain, depthwise and transposed.</summary>
internal static class ConvolutionOperators
{
    private static readonly int[] s_channelsLast = [0, 2, 3, 1];

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
        if (input.Rows is not null)
        {
            node.Set(Dynamic(node, input, weight, bias, groups, isTransposed));
            return;
        }

        var quantised = Quantised(node, input, weight, bias, groups, isTransposed);
        var type = quantised is { } codes ? new ElementType(ScalarType.Char, codes) : input.Type;
        input = quantised is null ? input : input.Codes!;
        if (input.Rank == 4)
        {
            var image = Add(
                writer, writer.Read(input, [0, 2, 3, 1]), input.Type, type, weight, bias, groups, isTransposed, Pair(node, "stride", 1), Pair(node, "padding", 0),
                Pair(node, "dilation", 1), Pair(node, "output_padding", 0), GraphWriter.Arrange(node.Sizes, [0, 2, 3, 1]));
            node.Set(GraphWriter.Wrap(image, type, node.Sizes, [0, 2, 3, 1]));
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

        var kernel = weight.ReshapeConstant([weight.Constant.Sizes[0], weight.Constant.Sizes[1], 1, weight.Constant.Sizes[2]]);
        var id = Add(
            writer, writer.AddReshape(line, input.Type, inner), input.Type, type, kernel, bias, groups, isTransposed, Line("stride", 1), Line("padding", 0),
            Line("dilation", 1), Line("output_padding", 0), [result[0], 1, result[1], result[2]]);
        node.Set(GraphWriter.Wrap(writer.AddReshape(id, type, result), type, node.Sizes, [0, 2, 1]));
    }

    // How the result is quantised, if the convolution can compute with codes.
    private static PayloadQuantization.PerTensor? Quantised(OperatorNode node, LoweredTensor input, LoweredTensor weight, LoweredTensor? bias, int groups, bool isTransposed) =>
        input.Codes is { Type.Quantization: PayloadQuantization.PerTensor parameters } && weight.Weight is { } codes && node.ResultQuantization is { } result
            && !(isTransposed && groups > 1) && QuantisedProducts.Refuse(parameters, codes, isTransposed ? 1 : 0, bias, result) is null ? result : null;

    private static LoweredTensor Dynamic(OperatorNode node, LoweredTensor input, LoweredTensor weight, LoweredTensor? bias, int groups, bool isTransposed)
    {
        if (input.Rank != 4 || (groups > 1 && (isTransposed || weight.Constant.Sizes[1] == 1)))
        {
            throw new LoweringRefusal("the input is quantised when called; payloads have that for plain convolutions of two dimensions, and for transposed ones of one group, only");
        }

        var (writer, quantised) = (node.Writer, weight.Weight ?? throw new LoweringRefusal("the input is quantised when called, and the weight is not quantised"));
        var filter = QuantisedProducts.DynamicFilter(writer, quantised.Permute(isTransposed ? [1, 2, 3, 0] : [0, 2, 3, 1]), takesFourBits: false);

        // Without a bias, ExecuTorch's runtime reads one all the same where it keeps packed weights.
        var channels = weight.Constant.Sizes[isTransposed ? 1 : 0];
        var numbers = bias?.Constant.To(ScalarType.Float) ?? ConstantTensor.ComputeBytes("no bias", ScalarType.Float, [channels], () => new byte[channels * sizeof(float)]);
        SymbolicInt[] sizes = GraphWriter.Arrange(node.Sizes, s_channelsLast);
        var id = writer.AddNode(
            isTransposed ? PayloadNodeKind.ConvTranspose2d : PayloadNodeKind.Conv2d, [writer.ReadRows(input, s_channelsLast, 3), filter, writer.Read(new LoweredTensor(numbers))], ScalarType.Float, sizes,
            convolution: Geometry(
                weight.Constant, groups, isTransposed, Pair(node, "stride", 1), Pair(node, "padding", 0), Pair(node, "dilation", 1), Pair(node, "output_padding", 0)));
        return GraphWriter.Wrap(id, ScalarType.Float, node.Sizes, s_channelsLast);
    }

    private static (int Height, int Width) Pair(OperatorNode node, string name, int defaultValue)
    {
        var values = node.Ints(name, defaultValue);
        return (checked((int)values[0]), checked((int)values[^1]));
    }

    private static uint Add(
        GraphWriter writer, uint input, ElementType inputType, ElementType type, LoweredTensor weight, LoweredTensor? bias, int groups, bool isTransposed,
        (int Height, int Width) stride, (int Height, int Width) padding, (int Height, int Width) dilation, (int Height, int Width) adjustment, SymbolicInt[] sizes)
    {
        var geometry = Geometry(weight.Constant, groups, isTransposed, stride, padding, dilation, adjustment);
        var isDepthwise = !isTransposed && geometry.GroupInputChannels == 1 && groups > 1;
        var kind = isTransposed ? PayloadNodeKind.ConvTranspose2d : isDepthwise ? PayloadNodeKind.DepthwiseConv2d : PayloadNodeKind.Conv2d;
        int[] order = isTransposed || isDepthwise ? [1, 2, 3, 0] : [0, 2, 3, 1];
        uint filterId, biasId;
        if (type.Quantization is not null)
        {
            var (quantised, channels, parameters) = (weight.Weight!.Permute(order), isDepthwise ? 3 : 0, (PayloadQuantization.PerTensor)inputType.Quantization!);
            filterId = QuantisedProducts.StaticFilter(writer, quantised, channels);
            biasId = QuantisedProducts.StaticBias(writer, bias, parameters, quantised, channels);
        }
        else
        {
            // Filters of convolutions are float32 in every payload; XNNPACK converts them while it packs.
            var filter = isTransposed ? Regroup(weight.Constant, groups) : weight.Constant.Permute(order);
            filterId = writer.Read(new LoweredTensor(filter.To(ScalarType.Float)));
            biasId = bias is null ? PayloadValue.NoId : writer.Read(new LoweredTensor(bias.Constant.To(ScalarType.Float)));
        }

        return writer.AddNode(kind, [input, filterId, biasId], type, sizes, convolution: geometry);
    }

    private static PayloadConvolution Geometry(
        ConstantTensor weight, int groups, bool isTransposed, (int Height, int Width) stride, (int Height, int Width) padding, (int Height, int Width) dilation,
        (int Height, int Width) adjustment)
    {
        if (padding.Height < 0 || padding.Width < 0 || stride.Height < 1 || stride.Width < 1 || dilation.Height < 1 || dilation.Width < 1)
        {
            throw new LoweringRefusal("a negative padding, or a stride or dilation below 1");
        }

        // PyTorch stores [OC, IC/g, KH, KW], and [IC, OC/g, KH, KW] of a transposed convolution.
        var (first, second, height, width) = (weight.Sizes[0], weight.Sizes[1], weight.Sizes[2], weight.Sizes[3]);
        return new PayloadConvolution(
            (uint)padding.Height, (uint)padding.Width, (uint)padding.Height, (uint)padding.Width, (uint)height, (uint)width, (uint)stride.Height,
            (uint)stride.Width, (uint)dilation.Height, (uint)dilation.Width, (uint)(isTransposed ? first / groups : second),
            (uint)(isTransposed ? second : first / groups), (uint)groups, isTransposed ? (uint)adjustment.Height : 0, isTransposed ? (uint)adjustment.Width : 0);
    }

    // [IC, OC/g, KH, KW] to [OC, KH, KW, IC/g], group by group.
    private static ConstantTensor Regroup(ConstantTensor weight, int groups)
    {
        var (channels, outputs, height, width) = (weight.Sizes[0] / groups, weight.Sizes[1], weight.Sizes[2], weight.Sizes[3]);
        return groups == 1 ? weight.Permute([1, 2, 3, 0])
            : weight.Reshape([groups, channels, outputs, height, width]).Permute([0, 2, 3, 4, 1]).Reshape([groups * outputs, height, width, channels]);
    }
}
