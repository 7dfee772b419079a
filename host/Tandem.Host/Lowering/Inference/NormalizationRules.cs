using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>Normalisations.</summary>
internal static class NormalizationRules
{
    public static void Register(Action<ShapeInference.Rule, string> add)
    {
        add(LayerNorm, "layer_norm native_layer_norm rms_norm");
        add(BatchNorm, "batch_norm _native_batch_norm_legit_no_training _native_batch_norm_legit native_batch_norm instance_norm");
        add(GroupNorm, "group_norm native_group_norm");
    }

    private static ImmutableArray<InferredValue> LayerNorm(OperatorArguments call)
    {
        var (input, shape) = (call.FloatTensor("input"), call.Sizes("normalized_shape"));
        if (shape.IsEmpty || shape.Length > input.Rank || !ShapeRules.SameSizes(input.Sizes[^shape.Length..], shape))
        {
            throw call.Refuse("the last dimensions of 'input' are not the normalised ones", ShapeRules.Text(shape), input.ToString());
        }

        ShapeRules.CheckSizes(call, "weight", call.OptionalTensor("weight"), shape);
        ShapeRules.CheckSizes(call, "bias", call.Has("bias") ? call.OptionalTensor("bias") : null, shape);
        var result = Layouts.Contiguous(input.ScalarType, input.Sizes);
        if (call.Schema.Returns.Length == 1)
        {
            return [result];
        }

        var statistics = Layouts.Contiguous(input.ScalarType, [.. input.Sizes[..^shape.Length], .. Enumerable.Repeat((SymbolicInt)1, shape.Length)]);
        return [result, statistics, statistics];
    }

    private static ImmutableArray<InferredValue> BatchNorm(OperatorArguments call)
    {
        var input = call.FloatTensor("input");
        if (input.Rank < 2)
        {
            throw call.Refuse("'input' has no channels", "2 or more dimensions", input.ToString());
        }

        foreach (var name in (string[])["weight", "bias", "running_mean", "running_var"])
        {
            ShapeRules.CheckSizes(call, name, call.Has(name) ? call.OptionalTensor(name) : null, input.Sizes[1]);
        }

        var isInstance = call.Operator == "aten::instance_norm";
        var result = isInstance || !input.Strides.IsDefault ? Layouts.Contiguous(input.ScalarType, input.Sizes) : Layouts.Dense(input.ScalarType, input.Sizes, input.DimOrder);
        if (call.Schema.Returns.Length == 1)
        {
            return [result];
        }

        var statistics = Layouts.Contiguous(input.ScalarType, [call.Operator.EndsWith("no_training", StringComparison.Ordinal) ? 0 : input.Sizes[1]]);
        return [result, statistics, statistics];
    }

    private static ImmutableArray<InferredValue> GroupNorm(OperatorArguments call)
    {
        var input = call.FloatTensor("input");
        if (input.Rank < 2)
        {
            throw call.Refuse("'input' has no channels", "2 or more dimensions", input.ToString());
        }

        var groups = call.Int(call.Has("num_groups") ? "num_groups" : "group");
        if (groups < 1 || (input.Sizes[1].IsConstant && input.Sizes[1].Value % groups != 0))
        {
            throw call.Refuse("the channels do not divide into the groups", $"a divisor of {input.Sizes[1]}", $"{groups}");
        }

        ShapeRules.CheckSizes(call, "weight", call.OptionalTensor("weight"), input.Sizes[1]);
        ShapeRules.CheckSizes(call, "bias", call.OptionalTensor("bias"), input.Sizes[1]);
        var result = Layouts.Dense(input.ScalarType, input.Sizes, Layouts.IsChannelsLast(input) ? input.DimOrder : []);
        if (call.Schema.Returns.Length == 1)
        {
            return [result];
        }

        var statistics = Layouts.Contiguous(input.ScalarType, [input.Sizes[0], groups]);
        return [result, statistics, statistics];
    }
}
