using Tandem.Host.Lowering.Passes;
using Tandem.Host.Lowering.Symbolic;
using Tandem.Sdk;
using SpecRule = Tandem.Host.Lowering.Shapes.SpecInference.SpecRule;

namespace Tandem.Host.Lowering.Shapes;

/// <summary>Specs of quantised operators.</summary>
internal static class QuantizedSpecs
{
    internal static void Register(Dictionary<string, SpecRule> rules)
    {
        foreach (var name in (ReadOnlySpan<string>)["quantize_per_tensor", "quantize_per_channel", "quantize_per_token", "quantize_per_channel_group"])
        {
            rules.Add("quantized_decomposed::" + name, call => [Input(call) with { ScalarType = call.DataType("dtype")!.Value }]);
        }

        foreach (var name in (ReadOnlySpan<string>)["dequantize_per_tensor", "dequantize_per_channel"])
        {
            rules.Add("quantized_decomposed::" + name, call => [Input(call) with { ScalarType = call.DataType("out_dtype") ?? ScalarType.Float }]);
        }

        foreach (var name in (ReadOnlySpan<string>)["dequantize_per_token", "dequantize_per_channel_group"])
        {
            rules.Add("quantized_decomposed::" + name, call => [Input(call) with { ScalarType = call.DataType("output_dtype") ?? ScalarType.Float }]);
        }

        rules.Add("quantized_decomposed::choose_qparams", _ => [TensorSpec.Contiguous(ScalarType.Double, 1), TensorSpec.Contiguous(ScalarType.Long, 1)]);
        rules.Add("quantized_decomposed::choose_qparams_per_token_asymmetric", call =>
        {
            var input = Input(call);
            var sizes = input.Sizes.SetItem(input.Rank - 1, 1);
            return [SpecInference.Contiguous(ScalarType.Double, sizes), SpecInference.Contiguous(ScalarType.Long, sizes)];
        });
        rules.Add("torchao::quantize_affine", call => [Input(call) with { ScalarType = call.DataType("output_dtype")!.Value }]);
        rules.Add("torchao::dequantize_affine", call => [Input(call) with { ScalarType = call.DataType("output_dtype") ?? ScalarType.Float }]);
        rules.Add("torchao::choose_qparams_affine", call =>
        {
            var (input, block) = (Input(call), call.Ints("block_size"));
            var keeps = call.Bool("keepdim");
            var sizes = input.Sizes.Select((size, i) => SymbolicMath.FloorDivide(size, block[i])).Where((_, i) => keeps || block[i] == 1 || !SymbolicMath.AreEqual(input.Sizes[i], block[i]));
            return [SpecInference.Contiguous(call.DataType("scale_dtype") ?? input.ScalarType, sizes), SpecInference.Contiguous(call.DataType("zero_point_dtype") ?? ScalarType.Int, sizes)];
        });
    }

    private static TensorSpec Input(OperatorCall call) => call.Tensor("input").Tensor! with { Strides = default, StorageOffset = 0 };
}
