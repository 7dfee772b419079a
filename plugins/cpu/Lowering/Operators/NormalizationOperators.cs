using Tandem.Plugins.Cpu.Lowering.Constants;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Operators;

/// <summary>Normalisations, as the arithmetic that they are.</summary>
internal static class NormalizationOperators
{
    private const int MaxGroupedChannels = 512;

    public static void Register(Dictionary<string, Action<OperatorNode>> table)
    {
        table.Add("aten::native_layer_norm", Layer);
        table.Add("aten::native_group_norm", Group);
        table.Add("aten::_native_batch_norm_legit_no_training", Batch);
        table.Add("aten::_softmax", Softmax);
        table.Add("aten::softmax.int", Softmax);
    }

    private static void Softmax(OperatorNode node)
    {
        var self = node.Single("self");
        if (self.IsConstant || self.Rank == 0)
        {
            throw new LoweringRefusal("the operand is a constant, or has no dimension");
        }

        node.Set(AttentionLowering.Softmax(node.Writer, self, OperatorNode.Dimension(node.Int("dim"), self.Rank)));
    }

    private static void Layer(OperatorNode node)
    {
        CheckStatistics(node);
        var (writer, input) = (node.Writer, Input(node));
        var (weight, bias, count) = (node.OptionalSingle("weight"), node.OptionalSingle("bias"), node.Ints("normalized_shape").Length);
        if (count > 1)
        {
            // The normalised dimensions become one.
            long product = 1;
            foreach (var size in input.Sizes[^count..])
            {
                product = size.IsConstant ? product * size.Value : throw new LoweringRefusal("a normalised size is known at run time only");
            }

            input = Views.Reshape(writer, input, [.. input.Sizes[..^count], product]);
            weight = weight is null ? null : Views.Reshape(writer, weight, [product]);
            bias = bias is null ? null : Views.Reshape(writer, bias, [product]);
        }

        if (input.Rank == 0 || !input.Sizes[^1].IsConstant)
        {
            throw new LoweringRefusal("the normalised size is known at run time only");
        }

        var form = input.NativeForm;
        form = form[^1] == input.Rank - 1 ? form : TensorStorage.Identity(input.Rank);
        var result = Normalize(writer, input, tensor => MatrixOperators.Total(writer, tensor, form, isMean: true), node.Number("eps"));
        node.Set(Views.Reshape(writer, Affine(writer, result, weight, bias), node.Sizes));
    }

    private static void Group(OperatorNode node)
    {
        CheckStatistics(node);
        var (writer, input) = (node.Writer, Input(node));
        var (weight, bias, groups) = (node.OptionalSingle("weight"), node.OptionalSingle("bias"), checked((int)node.Int("group")));
        if (input.Rank < 2 || !input.Sizes[1].IsConstant || input.Sizes[1].Value > MaxGroupedChannels)
        {
            throw new LoweringRefusal($"groups of {(input.Rank < 2 ? 0 : input.Sizes[1])} channels; at most {MaxGroupedChannels}, known ahead of time, are averaged by a product");
        }

        var channels = (int)input.Sizes[1].Value;
        var image = Image(writer, input);
        LoweredTensor Mean(LoweredTensor tensor)
        {
            var average = PoolingOperators.GlobalAverage(writer, tensor);
            if (groups == channels)
            {
                return average;
            }

            var form = average.NativeForm;
            SymbolicInt[] sizes = [.. average.Sizes];
            sizes[1] = groups == 1 ? 1 : channels;
            var id = writer.Read(new LoweredTensor(groups == 1 ? ConstantTensor.Fill(1.0 / channels, average.Type.Scalar, 1, channels) : Averages(channels, groups, average.Type.Scalar)));
            return writer.AddNode(PayloadNodeKind.FullyConnected, [writer.Read(average, form), id, PayloadValue.NoId], average.Type, sizes, form);
        }

        var result = Normalize(writer, image, Mean, node.Number("eps"));
        node.Set(Views.Reshape(
            writer, Affine(writer, result, weight is null ? null : PerChannel(writer, weight), bias is null ? null : PerChannel(writer, bias)), node.Sizes));
    }

    private static void Batch(OperatorNode node)
    {
        CheckStatistics(node);
        var (writer, input) = (node.Writer, node.Single("input"));
        var (weight, bias) = (node.OptionalSingle("weight"), node.OptionalSingle("bias"));
        var (mean, variance, eps) = (node.Single("running_mean"), node.Single("running_var"), node.Number("eps"));
        if (input.IsConstant || input.Rank < 2 || !mean.IsConstant || !variance.IsConstant || weight is { IsConstant: false } || bias is { IsConstant: false })
        {
            throw new LoweringRefusal("the statistics are computed at run time, or the operand is a constant or has no channels");
        }

        var channels = mean.Constant.Sizes[0];
        int[] sizes = [channels, .. Enumerable.Repeat(1, input.Rank - 2)];
        var scale = ConstantTensor.Compute("batch norm", input.Type.Scalar, sizes, () => Scale(weight, variance, eps));
        var shift = ConstantTensor.Compute("batch norm", input.Type.Scalar, sizes, () =>
        {
            var (factors, means, shifts) = (Scale(weight, variance, eps), mean.Constant.ReadFloats(), bias?.Constant.ReadFloats());
            return [.. factors.Select((factor, i) => (float)((shifts?[i] ?? 0) - ((double)means[i] * factor)))];
        });
        node.Set(Affine(writer, input, new LoweredTensor(scale), new LoweredTensor(shift)));
    }

    private static float[] Scale(LoweredTensor? weight, LoweredTensor variance, double eps)
    {
        var weights = weight?.Constant.ReadFloats();
        return [.. variance.Constant.ReadFloats().Select((value, i) => (float)((weights?[i] ?? 1) / Math.Sqrt(value + eps)))];
    }

    /// <summary>(x - mean) / sqrt(variance + eps): the variance of what has no mean any more is the mean of its squares.</summary>
    private static LoweredTensor Normalize(GraphWriter writer, LoweredTensor input, Func<LoweredTensor, LoweredTensor> mean, double eps)
    {
        var centred = Broadcast.Binary(writer, PayloadNodeKind.Subtract, input, mean(input), input.Sizes);
        var variance = mean(UnaryOperators.Apply(writer, PayloadNodeKind.Square, centred));
        var factor = UnaryOperators.Apply(writer, PayloadNodeKind.ReciprocalSquareRoot, UnaryOperators.Scale(writer, PayloadNodeKind.Add, variance, eps));
        return Broadcast.Binary(writer, PayloadNodeKind.Multiply, centred, factor, input.Sizes);
    }

    private static LoweredTensor Affine(GraphWriter writer, LoweredTensor input, LoweredTensor? weight, LoweredTensor? bias)
    {
        var scaled = weight is null ? input : Broadcast.Binary(writer, PayloadNodeKind.Multiply, input, weight, input.Sizes);
        return bias is null ? scaled : Broadcast.Binary(writer, PayloadNodeKind.Add, scaled, bias, input.Sizes);
    }

    private static ConstantTensor Averages(int channels, int groups, ScalarType type) => ConstantTensor.Compute("averages of groups", type, [channels, channels], () =>
    {
        var size = channels / groups;
        var result = new float[channels * channels];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = i / channels / size == i % channels / size ? (float)(1.0 / size) : 0;
        }

        return result;
    });

    private static LoweredTensor PerChannel(GraphWriter writer, LoweredTensor tensor) => Views.Reshape(writer, tensor, [tensor.Sizes[0], 1, 1]);

    private static LoweredTensor Image(GraphWriter writer, LoweredTensor input) => input.Rank == 4 ? input
        : input.Rank < 4 ? Views.Reshape(writer, input, [.. input.Sizes, .. Enumerable.Repeat((SymbolicInt)1, 4 - input.Rank)])
        : throw new LoweringRefusal($"a tensor of rank {input.Rank}");

    private static LoweredTensor Input(OperatorNode node)
    {
        var input = node.Single("input");
        return input.IsConstant ? throw new LoweringRefusal("the operand is a constant; the result is known ahead of time") : input;
    }

    private static void CheckStatistics(OperatorNode node)
    {
        for (var i = 1; i < node.OutputCount; i++)
        {
            if (node.IsUsed(i))
            {
                throw new LoweringRefusal("the statistics are used");
            }
        }
    }
}
