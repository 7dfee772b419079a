using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Decomposition;

/// <summary>torchao's affine quantisation as arithmetic: values in blocks, one scale and zero point a block.</summary>
internal static class QuantizedDecompositions
{
    internal static void Register(DecompositionTable table)
    {
        table.AddMany("torchao::choose_qparams_affine", ChooseAffine);
        table.Add("torchao::quantize_affine", QuantizeAffine);
        table.Add("torchao::dequantize_affine", DequantizeAffine);
        table.Add("quantized_decomposed::dequantize_per_channel_group", (editor, call) => Group(editor, call));
        table.Add("quantized_decomposed::convert_element_type.no_fuse", (editor, call) => editor.Cast(call.Tensor("input"), call.DataType("dtype")!.Value));
        table.AddMany("quantized_decomposed::_choose_qparams_per_token_asymmetric_impl", (editor, call) =>
            editor.CallAll("quantized_decomposed::choose_qparams_per_token_asymmetric", call.Tensor("input"), call.DataType("dtype")!.Value));
    }

    // Where one block is a whole row, nothing is cut; otherwise each dimension becomes blocks and what lies in one.
    private static (SymbolicInt[] Blocked, SymbolicInt[] Parameters, int[] Reduced) Blocks(OperatorCall call, TensorSpec spec)
    {
        var block = call.Ints("block_size");
        if (block.Length != spec.Rank || block.Any(size => size < 1))
        {
            throw call.Refuse($"its block [{string.Join(", ", block)}] is none of a tensor of {spec.Rank} dimensions");
        }

        var (blocked, parameters, reduced) = (new List<SymbolicInt>(), new List<SymbolicInt>(), new List<int>());
        for (var i = 0; i < spec.Rank; i++)
        {
            if (block[i] == 1)
            {
                blocked.Add(spec.Sizes[i]);
                parameters.Add(spec.Sizes[i]);
                continue;
            }

            if (spec.Sizes[i].IsConstant && spec.Sizes[i].Value != block[i])
            {
                blocked.Add(spec.Sizes[i] / block[i]);
                parameters.Add(blocked[^1]);
            }

            reduced.Add(blocked.Count);
            blocked.Add(block[i]);
            parameters.Add(1);
        }

        return ([.. blocked], [.. parameters], [.. reduced]);
    }

    private static IReadOnlyList<GraphValue> ChooseAffine(GraphEditor editor, OperatorCall call)
    {
        var input = call.Tensor("input");
        var type = input.Tensor!.ScalarType;
        var (blocked, _, reduced) = Blocks(call, input.Tensor);
        var (least, greatest) = Range(call, "target_dtype");
        var values = editor.Reshape(input, blocked);
        var minimum = editor.Call("aten::amin", values, reduced, false);
        var maximum = editor.Amax(values, reduced);
        var eps = call.OptionalDouble("eps") ?? type switch { ScalarType.Half => 0.0009765625, ScalarType.BFloat16 => 0.0078125, ScalarType.Double => double.BitIncrement(1) - 1, _ => 1.1920928955078125e-07 };
        minimum = editor.Clamp(minimum, Arg.None, 0.0);
        maximum = editor.Clamp(maximum, 0.0, Arg.None);
        GraphValue scale, zeroPoint;
        switch (call.Text("mapping_type"))
        {
            case "ASYMMETRIC":
                scale = editor.Clamp(editor.Div(editor.Sub(maximum, minimum), (double)(greatest - least)), eps, Arg.None);
                var rounded = editor.Unary("round", editor.Div(minimum, scale));
                zeroPoint = editor.Clamp(editor.Call("aten::rsub.Scalar", rounded, least), least, greatest);
                break;
            case "SYMMETRIC":
                var size = editor.Maximum(editor.Unary("neg", minimum), maximum);
                scale = editor.Clamp(editor.Div(size, (greatest - least) / 2.0), eps, Arg.None);
                zeroPoint = editor.Full(editor.Sizes(scale), (greatest + least + 1) / 2, ScalarType.Int);
                break;
            default:
                throw call.Refuse($"the mapping '{call.Text("mapping_type")}' is not lowered");
        }

        var sizes = call.Node.Outputs is [{ Tensor: { } exported }, ..] ? exported.Sizes : scale.Tensor!.Sizes;
        return [editor.Reshape(editor.Cast(scale, call.DataType("scale_dtype") ?? type), sizes.AsSpan()),
            editor.Reshape(editor.Cast(zeroPoint, call.DataType("zero_point_dtype") ?? ScalarType.Int), sizes.AsSpan())];
    }

    private static GraphValue QuantizeAffine(GraphEditor editor, OperatorCall call)
    {
        var input = call.Tensor("input");
        var (blocked, parameters, _) = Blocks(call, input.Tensor!);
        var (least, greatest) = Range(call, "output_dtype");
        var scale = editor.Reshape(call.Tensor("scale"), parameters);
        var values = editor.Unary("round", editor.Mul(editor.Reshape(input, blocked), editor.Unary("reciprocal", scale)));
        if (call.OptionalTensor("zero_point") is { } zero)
        {
            values = editor.Add(values, editor.Cast(editor.Reshape(zero, parameters), input.Tensor!.ScalarType));
        }

        return editor.Reshape(editor.Cast(editor.Clamp(values, (double)least, (double)greatest), call.DataType("output_dtype")!.Value), input.Tensor!.Sizes.AsSpan());
    }

    private static GraphValue DequantizeAffine(GraphEditor editor, OperatorCall call)
    {
        var input = call.Tensor("input");
        var type = call.DataType("output_dtype") ?? ScalarType.Float;
        var (blocked, parameters, _) = Blocks(call, input.Tensor!);
        var values = editor.Cast(editor.Reshape(input, blocked), type);
        if (call.OptionalTensor("zero_point") is { } zero && !editor.IsZero(zero))
        {
            values = editor.Sub(values, editor.Cast(editor.Reshape(zero, parameters), type));
        }

        return editor.Reshape(editor.Mul(values, editor.Cast(editor.Reshape(call.Tensor("scale"), parameters), type)), input.Tensor!.Sizes.AsSpan());
    }

    private static GraphValue Group(GraphEditor editor, OperatorCall call)
    {
        var (input, scales, size, type) = (call.Tensor("input"), call.Tensor("scales"), call.Int("group_size"), call.DataType("output_dtype") ?? ScalarType.Float);
        var spec = input.Tensor!;
        SymbolicInt[] blocked = [.. spec.Sizes.Take(spec.Rank - 1), spec.Sizes[^1] / size, size];
        SymbolicInt[] parameters = [.. blocked[..^1], 1];
        var values = editor.Cast(editor.Reshape(input, blocked), type);
        if (call.OptionalTensor("zero_points") is { } zero && !editor.IsZero(zero))
        {
            values = editor.Sub(values, editor.Cast(editor.Reshape(zero, parameters), type));
        }

        return editor.Reshape(editor.Mul(values, editor.Cast(editor.Reshape(scales, parameters), type)), spec.Sizes.AsSpan());
    }

    private static (long Least, long Greatest) Range(OperatorCall call, string dtype) => call.Has("quant_min") && call.Has("quant_max") ? ((long)call.Double("quant_min"), (long)call.Double("quant_max"))
        : call.DataType(dtype) switch
        {
            ScalarType.Byte => (0, 255),
            ScalarType.Short => (short.MinValue, short.MaxValue),
            ScalarType.Int => (int.MinValue, int.MaxValue),
            _ => (-128, 127),
        };
}
