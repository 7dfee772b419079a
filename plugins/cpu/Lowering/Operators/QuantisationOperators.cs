using Tandem.Plugins.Cpu.Lowering.Constants;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Operators;

/// <summary>Operators that quantise and dequantise: of PT2E (quantized_decomposed) and of torchao (affine).</summary>
/// <remarks>
/// Quantising what was dequantised with the same parameters gives the codes back, so between two operators that compute with codes no node remains. Only
/// where numbers meet codes is there a conversion.
/// </remarks>
internal static class QuantisationOperators
{
    private const string Decomposed = "quantized_decomposed::";

    public static void Register(Dictionary<string, Action<OperatorNode>> table)
    {
        foreach (var overload in (string[])["", ".tensor", ".tensor2"])
        {
            table.Add($"{Decomposed}quantize_per_tensor{overload}", Quantise);
            table.Add($"{Decomposed}dequantize_per_tensor{overload}", node => Dequantise(node, static node => PerTensor(node)));
        }

        table.Add($"{Decomposed}quantize_per_channel", node => QuantiseConstant(node, Channels(node), "scales", "zero_points", "dtype"));
        table.Add($"{Decomposed}quantize_per_channel_group", node => QuantiseConstant(node, Groups(node), "scales", "zero_points", "dtype"));
        table.Add($"{Decomposed}dequantize_per_channel", node => Dequantise(node, PerChannel));
        table.Add($"{Decomposed}dequantize_per_channel_group", node => Dequantise(node, PerGroup));
        table.Add($"{Decomposed}quantize_per_token", QuantiseRows);
        table.Add($"{Decomposed}dequantize_per_token", node => Dequantise(node, static _ => throw new LoweringRefusal("a constant in rows")));
        foreach (var name in (string[])["choose_qparams.tensor", "choose_qparams_symmetric.tensor", "choose_qparams_per_token", "choose_qparams_per_token_asymmetric"])
        {
            table.Add($"{Decomposed}{name}", ChooseParameters);
        }

        table.Add("torchao::choose_qparams_affine", ChooseAffineParameters);
        table.Add("torchao::quantize_affine", QuantiseAffine);
        table.Add("torchao::dequantize_affine", node => Dequantise(node, AffineWeight));
    }

    /// <summary>The parameters of a node that quantises with numbers which are known ahead of time; null of every other node.</summary>
    public static PayloadQuantization.PerTensor? StaticParameters(GraphNode node)
    {
        if (node.FullName != "quantized_decomposed::quantize_per_tensor" || node.Find("dtype") is not GraphArgument.DataType { Value: ScalarType.Char }
            || node.Find("zero_point") is not GraphArgument.Int { Value: >= sbyte.MinValue and <= sbyte.MaxValue } zeroPoint)
        {
            return null;
        }

        var scale = node.Find("scale") switch
        {
            GraphArgument.Float number => (float)number.Value,
            GraphArgument.Int number => number.Value,
            _ => 0,
        };
        return QuantisedWeight.IsScale(scale) ? new PayloadQuantization.PerTensor(scale, (int)zeroPoint.Value) : null;
    }

    private static void Quantise(OperatorNode node)
    {
        if (node.Parameters("scale") is not null)
        {
            CheckCodes(node, "dtype");
            Join(node);
            return;
        }

        var input = node.AnyTensor("input");
        var (parameters, minimum, maximum) = (Parameters(node), node.Int("quant_min"), node.Int("quant_max"));
        CheckCodes(node, "dtype");
        if (minimum < sbyte.MinValue || maximum > sbyte.MaxValue || minimum >= maximum)
        {
            throw new LoweringRefusal($"codes from {minimum} to {maximum}; a payload's are int8");
        }

        if (input.Type.Scalar is not (ScalarType.Float or ScalarType.Half))
        {
            throw new LoweringRefusal($"{input.Type.TorchName()} is quantised; payloads quantise float32 and float16");
        }

        var type = new ElementType(ScalarType.Char, parameters);
        if (input.IsConstant)
        {
            node.Set(new LoweredTensor(QuantisedWeight.Whole(input.Constant, parameters, minimum, maximum).Quantise(), type));
            return;
        }

        var codes = input.Codes is { IsConstant: false } known && known.Type == type ? known
            : node.Writer.AddNode(PayloadNodeKind.Convert, [node.Writer.Read(node.Convert(input, ScalarType.Float), input.NativeForm)], type, input.Sizes, input.NativeForm);
        if (minimum > sbyte.MinValue || maximum < sbyte.MaxValue)
        {
            codes = UnaryOperators.Apply(
                node.Writer, PayloadNodeKind.Clamp, codes, minimum: (minimum - parameters.ZeroPoint) * parameters.Scale,
                maximum: (maximum - parameters.ZeroPoint) * parameters.Scale);
        }

        node.Set(codes);
    }

    private static void Dequantise(OperatorNode node, Func<OperatorNode, QuantisedWeight> weight)
    {
        if (node.Type is not (ScalarType.Float or ScalarType.Half))
        {
            throw new LoweringRefusal($"a result of {node.Type.TorchName()}; payloads compute in float32 and float16");
        }

        if (node.Parameters("input") is { Role: DynamicRole.Codes } rows)
        {
            CheckParameters(node, rows.Source);
            node.Set(LoweredTensor.QuantiseRows(node.Convert(rows.Source, node.Type)));
            return;
        }

        var input = node.AnyTensor("input");
        if (input.IsConstant)
        {
            CheckCodes(node, node.Has("input_dtype") ? "input_dtype" : "dtype");
            var result = weight(node);
            node.Set(result.HasScales ? LoweredTensor.Dequantise(result, node.Type)
                : throw new LoweringRefusal("a scale is not positive, or so small that it is subnormal"));
            return;
        }

        if (node.Operator != "quantized_decomposed::dequantize_per_tensor")
        {
            throw new LoweringRefusal("codes that are computed when called have more than one scale");
        }

        CheckCodes(node, "dtype");
        var parameters = Parameters(node);
        if (input.Type.Quantization is null && input.Type == ScalarType.Char)
        {
            input = node.Declare("input", parameters);
        }

        node.Set(input.Type.Quantization is PayloadQuantization.PerTensor own && own == parameters ? LoweredTensor.Dequantise(node.Writer, input, node.Type)
            : throw new LoweringRefusal($"codes of {input.Type.Quantization} are dequantised as {parameters}"));
    }

    // Scale and zero point of a whole tensor, as numbers or as constants of one element.
    private static PayloadQuantization.PerTensor Parameters(OperatorNode node)
    {
        if (node.Parameters("scale") is not null)
        {
            throw new LoweringRefusal("codes are dequantised with a scale that is chosen when called");
        }

        var scale = node.IsReference("scale") ? Single(node, "scale").ReadFloats()[0] : (float)node.Number("scale");
        var zeroPoint = node.IsReference("zero_point") ? Single(node, "zero_point").ReadIntegers()[0] : node.Int("zero_point");
        return !QuantisedWeight.IsScale(scale) ? throw new LoweringRefusal($"the scale {scale}; a payload's are positive and not subnormal")
            : zeroPoint is < sbyte.MinValue or > sbyte.MaxValue ? throw new LoweringRefusal($"the zero point {zeroPoint}; that of int8 lies from -128 to 127")
            : new PayloadQuantization.PerTensor(scale, (int)zeroPoint);
    }

    private static ConstantTensor Single(OperatorNode node, string name) => node.AnyTensor(name) is { IsConstant: true, Constant: { ElementCount: 1 } constant } ? constant
        : throw new LoweringRefusal($"'{name}' is not one number that is known ahead of time");

    private static void CheckCodes(OperatorNode node, string name)
    {
        if (node.DataType(name) is not ScalarType.Char and var type)
        {
            throw new LoweringRefusal($"codes of {type?.TorchName() ?? "unknown type"}; a payload's are int8");
        }
    }

    private static QuantisedWeight PerTensor(OperatorNode node) =>
        QuantisedWeight.Whole(Codes(node, leastRank: 0), Parameters(node), node.Int("quant_min"), node.Int("quant_max"));

    private static QuantisedWeight PerChannel(OperatorNode node) => Weight(node, Codes(node), Channels(node), "scales", "zero_points");

    private static QuantisedWeight PerGroup(OperatorNode node) => Weight(node, Codes(node), Groups(node), "scales", "zero_points");

    private static int[] Channels(OperatorNode node)
    {
        int[] block = [.. Constant(node).Sizes];
        block[OperatorNode.Dimension(node.Int("axis"), block.Length)] = 1;
        return block;
    }

    private static int[] Groups(OperatorNode node)
    {
        int[] block = [.. Enumerable.Repeat(1, Constant(node).Rank)];
        block[^1] = checked((int)node.Int("group_size"));
        return block;
    }

    private static ConstantTensor Constant(OperatorNode node) => node.AnyTensor("input") is { IsConstant: true, Rank: > 0, Constant: var constant } ? constant
        : throw new LoweringRefusal("activations with more than one scale that is known ahead of time");

    // A weight that the exporter left as numbers, to be quantised by the program.
    private static void QuantiseConstant(OperatorNode node, int[] block, string scales, string zeroPoints, string type)
    {
        CheckCodes(node, type);
        var numbers = Constant(node);
        var weight = Weight(node, numbers, block, scales, zeroPoints);
        if (weight.Minimum < sbyte.MinValue || weight.Maximum > sbyte.MaxValue || weight.Minimum >= weight.Maximum || !weight.HasScales)
        {
            throw new LoweringRefusal($"codes from {weight.Minimum} to {weight.Maximum}, or a scale that is not positive and normal");
        }

        node.Set(new LoweredTensor(weight.Quantise()));
    }

    private static QuantisedWeight AffineWeight(OperatorNode node)
    {
        if (node.Text("zero_point_domain", "INT") != "INT")
        {
            throw new LoweringRefusal("zero points in floating point");
        }

        return Weight(node, Codes(node), Blocks(node), "scale", "zero_point");
    }

    private static ConstantTensor Codes(OperatorNode node, int leastRank = 1) => node.AnyTensor("input") is { IsConstant: true, Type.Scalar: ScalarType.Char } codes && codes.Rank >= leastRank
        ? codes.Constant : throw new LoweringRefusal("the codes are not int8");

    private static QuantisedWeight Weight(OperatorNode node, ConstantTensor codes, int[] block, string scaleName, string zeroPointName)
    {
        var counts = new int[block.Length];
        for (var i = 0; i < block.Length; i++)
        {
            counts[i] = block[i] > 0 && codes.Sizes[i] % block[i] == 0 ? codes.Sizes[i] / block[i]
                : throw new LoweringRefusal($"blocks of {block[i]} do not divide a dimension of {codes.Sizes[i]}");
        }

        return new QuantisedWeight(
            codes, block, Arrange(scaleName, isOptional: false)!, Arrange(zeroPointName, isOptional: true), Bound("quant_min", sbyte.MinValue), Bound("quant_max", sbyte.MaxValue));

        ConstantTensor? Arrange(string name, bool isOptional)
        {
            if (!node.Has(name) && isOptional)
            {
                return null;
            }

            var tensor = node.AnyTensor(name) is { IsConstant: true, Constant: var constant } ? constant : throw new LoweringRefusal($"'{name}' is computed when called");
            return tensor.ElementCount == counts.Aggregate(1L, static (product, count) => product * count) ? tensor.Reshape(counts)
                : throw new LoweringRefusal($"{tensor.ElementCount} numbers in '{name}' for [{string.Join(", ", counts)}] blocks");
        }

        long Bound(string name, long otherwise) => node.Has(name) && node.Number(name) is var number ? (long)number : otherwise;
    }

    private static void ChooseParameters(OperatorNode node)
    {
        if (node.Has("dtype"))
        {
            CheckCodes(node, "dtype");
        }

        CheckRange(node);
        Choose(node);
    }

    private static void ChooseAffineParameters(OperatorNode node)
    {
        CheckCodes(node, "target_dtype");
        CheckRange(node);
        CheckRows(node);
        if (node.Text("mapping_type", "") is not ("ASYMMETRIC" or "SYMMETRIC") and var mapping)
        {
            throw new LoweringRefusal($"the mapping {mapping}");
        }

        Choose(node);
    }

    private static void Choose(OperatorNode node)
    {
        var input = node.AnyTensor("input");
        node.SetParameters(input is { IsConstant: false, Rank: > 0, Type.Scalar: ScalarType.Float or ScalarType.Half } ? input
            : throw new LoweringRefusal("a constant, a number, or what is no tensor of float32 or float16, is quantised when called"),
            DynamicRole.Scale, DynamicRole.ZeroPoint);
    }

    private static void QuantiseRows(OperatorNode node)
    {
        CheckCodes(node, "dtype");
        Join(node);
    }

    private static void QuantiseAffine(OperatorNode node)
    {
        CheckCodes(node, "output_dtype");
        if (node.AnyTensor("input").IsConstant)
        {
            QuantiseConstant(node, Blocks(node), "scale", "zero_point", "output_dtype");
            return;
        }

        CheckRows(node);
        Join(node);
    }

    private static void Join(OperatorNode node)
    {
        var input = node.AnyTensor("input");
        CheckRange(node);
        CheckParameters(node, input);
        node.SetParameters(input, DynamicRole.Codes);
    }

    private static void CheckParameters(OperatorNode node, LoweredTensor source)
    {
        var (scale, zeroPoint) = (node.Parameters(node.Has("scales") ? "scales" : "scale"), node.Parameters(node.Has("zero_points") ? "zero_points" : "zero_point"));
        if (scale is not { Role: DynamicRole.Scale } || zeroPoint is not { Role: DynamicRole.ZeroPoint } || scale.Source != source || zeroPoint.Source != source)
        {
            throw new LoweringRefusal("scale and zero point were not chosen when called for this very tensor");
        }
    }

    // One block is one row: payloads quantise rows of the last dimension.
    private static void CheckRows(OperatorNode node)
    {
        var (block, input) = (node.Ints("block_size"), node.AnyTensor("input"));
        for (var i = 0; i < block.Length; i++)
        {
            var isLast = i == block.Length - 1;
            if (block.Length != input.Rank || (isLast ? input.Sizes[i] != block[i] && block[i] != -1 : block[i] != 1 && input.Sizes[i] != block[i]))
            {
                throw new LoweringRefusal($"activations are quantised in blocks of [{string.Join(", ", block)}]; payloads quantise whole rows");
            }
        }
    }

    private static void CheckRange(OperatorNode node)
    {
        if (node.Has("quant_min") && node.Has("quant_max") && (node.Number("quant_min") is not (-128 or -127) || node.Number("quant_max") != 127))
        {
            throw new LoweringRefusal($"codes from {node.Number("quant_min")} to {node.Number("quant_max")}; a payload's are int8");
        }
    }

    private static int[] Blocks(OperatorNode node)
    {
        var (block, sizes) = (node.Ints("block_size"), node.AnyTensor("input").Constant.Sizes);
        return block.Length == sizes.Length ? [.. block.Select((size, i) => size == -1 ? sizes[i] : checked((int)size))]
            : throw new LoweringRefusal("blocks of another rank than the codes");
    }
}
