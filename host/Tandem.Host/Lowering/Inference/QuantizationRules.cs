using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>Operators that quantise and back.</summary>
internal static class QuantizationRules
{
    public static void Register(Action<ShapeInference.Rule, string> add)
    {
        add(call => Retyped(call, call.DataType("dtype")), "quantized_decomposed::quantize_per_tensor quantized_decomposed::quantize_per_channel " +
            "quantized_decomposed::quantize_per_token quantized_decomposed::quantize_per_channel_group");
        add(call => Retyped(call, call.DataType(call.Has("out_dtype") ? "out_dtype" : "output_dtype") ?? ScalarType.Float),
            "quantized_decomposed::dequantize_per_tensor quantized_decomposed::dequantize_per_channel quantized_decomposed::dequantize_per_token " +
            "quantized_decomposed::dequantize_per_channel_group");
        add(_ => [Layouts.Contiguous(ScalarType.Double, [1]), Layouts.Contiguous(ScalarType.Long, [1])],
            "quantized_decomposed::choose_qparams quantized_decomposed::choose_qparams_symmetric");
        add(PerToken, "quantized_decomposed::choose_qparams_per_token quantized_decomposed::choose_qparams_per_token_asymmetric");
        add(call => Retyped(call, call.DataType("output_dtype")), "torchao::quantize_affine torchao::dequantize_affine");
        add(Blocks, "torchao::choose_qparams_affine");
    }

    private static ImmutableArray<InferredValue> Retyped(OperatorArguments call, ScalarType? type)
    {
        var input = call.Tensor("input");
        return [Layouts.Elementwise(type ?? throw call.Refuse("the element type is missing", "a dtype", "none"), input.Sizes, input)];
    }

    private static ImmutableArray<InferredValue> PerToken(OperatorArguments call)
    {
        var input = call.FloatTensor("input");
        ImmutableArray<SymbolicInt> sizes = [.. input.Sizes[..^1], 1];
        return [Layouts.Contiguous(ScalarType.Double, sizes), Layouts.Contiguous(ScalarType.Long, sizes)];
    }

    private static ImmutableArray<InferredValue> Blocks(OperatorArguments call)
    {
        var input = call.FloatTensor("input");
        var block = call.Sizes("block_size", input.Rank);
        var isKept = call.Has("keepdim") && call.Bool("keepdim");
        var sizes = ImmutableArray.CreateBuilder<SymbolicInt>();
        for (var dim = 0; dim < input.Rank; dim++)
        {
            var size = block[dim] is { IsConstant: true, Value: -1 } ? input.Sizes[dim] : block[dim];
            var count = input.Sizes[dim] / size;

            // A block over a whole dimension leaves none behind unless it is kept.
            if (isKept || !(size.IsSameAs(input.Sizes[dim]) && !ShapeRules.IsOne(size)))
            {
                sizes.Add(count);
            }
        }

        return
        [
            Layouts.Contiguous(call.DataType("scale_dtype") ?? input.ScalarType, sizes.ToImmutable()),
            Layouts.Contiguous(call.DataType("zero_point_dtype") ?? ScalarType.Int, sizes.ToImmutable()),
        ];
    }
}
