using Tandem.Sdk;
using SpecRule = Tandem.Host.Lowering.Shapes.SpecInference.SpecRule;

namespace Tandem.Host.Lowering.Shapes;

/// <summary>Specs of functions that work element by element.</summary>
internal static class PointwiseSpecs
{
    internal static void Register(Dictionary<string, SpecRule> rules)
    {
        // The dtype of the input.
        foreach (var name in (ReadOnlySpan<string>)["abs", "neg", "sign", "floor", "ceil", "trunc", "round", "relu", "hardtanh", "leaky_relu", "elu", "gelu", "bitwise_not",
            "tril", "triu", "flip", "roll", "alias", "detach", "lift_fresh", "lift_fresh_copy", "fill", "masked_fill", "index_put", "scatter", "scatter_add",
            "scatter_reduce", "index_fill", "index_add", "index_copy", "slice_scatter", "select_scatter", "diagonal_scatter", "as_strided_scatter", "masked_scatter", "copy",
            "square", "relu6", "silu", "hardswish", "hardsigmoid", "mish", "softplus", "threshold", "dropout", "positive", "celu", "selu", "log_sigmoid", "softshrink",
            "hardshrink", "_conj_physical", "contiguous", "round.decimals", "channel_shuffle", "nan_to_num", "rrelu", "_unsafe_index_put", "index_reduce", "put", "renorm"])
        {
            rules.Add("aten::" + name, call => [Of(call, call.Schema?.Parameters[0].Name ?? "self")]);
        }

        foreach (var name in (ReadOnlySpan<string>)["exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sigmoid", "tanh", "sqrt", "rsqrt", "reciprocal", "erf", "erfc", "erfinv",
            "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh", "logit", "sinc", "deg2rad", "rad2deg", "lgamma", "digamma"])
        {
            rules.Add("aten::" + name, call => [With(call, TypeRules.ToFloat(call.Tensor("self").Tensor!.ScalarType))]);
        }

        foreach (var name in (ReadOnlySpan<string>)["isnan", "isinf", "isfinite", "logical_not", "isposinf", "isneginf", "signbit", "isreal"])
        {
            rules.Add("aten::" + name, call => [With(call, ScalarType.Bool)]);
        }

        foreach (var name in (ReadOnlySpan<string>)["add", "sub", "mul", "rsub", "remainder", "fmod", "floor_divide", "maximum", "minimum", "fmax", "fmin", "bitwise_and", "bitwise_or",
            "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "__lshift__", "__rshift__", "__and__", "__or__", "__xor__", "copysign", "gcd", "lcm", "heaviside", "logaddexp", "hypot"])
        {
            rules.Add("aten::" + name, call => [Binary(call, TypeRules.Result(call, "self", "other"))]);
        }

        rules.Add("aten::pow", call => [Broadcast(call, TypeRules.Result(call, "self", "exponent"), "self", "exponent")]);
        rules.Add("aten::div", call => [Binary(call, call.Has("rounding_mode") ? TypeRules.Result(call, "self", "other") : TypeRules.ToFloat(TypeRules.Result(call, "self", "other")))]);
        foreach (var name in (ReadOnlySpan<string>)["atan2", "true_divide", "xlogy"])
        {
            rules.Add("aten::" + name, call => [Binary(call, TypeRules.ToFloat(TypeRules.Result(call, "self", "other")))]);
        }

        foreach (var name in (ReadOnlySpan<string>)["eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor", "isclose"])
        {
            rules.Add("aten::" + name, call => [Binary(call, ScalarType.Bool)]);
        }

        rules.Add("aten::clamp", call => [Broadcast(call, TypeRules.Result(call, "self", "min", "max"), "self", "min", "max")]);
        rules.Add("aten::clamp_min", call => [Broadcast(call, TypeRules.Result(call, "self", "min"), "self", "min")]);
        rules.Add("aten::clamp_max", call => [Broadcast(call, TypeRules.Result(call, "self", "max"), "self", "max")]);
        rules.Add("aten::where", call => [Broadcast(call, TypeRules.Result(call, "self", "other"), "condition", "self", "other")]);
        rules.Add("aten::lerp", call => [Broadcast(call, TypeRules.Result(call, "self", "end"), "self", "end", "weight")]);
        rules.Add("aten::addcmul", call => [Broadcast(call, TypeRules.Result(call, "self", "tensor1", "tensor2"), "self", "tensor1", "tensor2")]);
        rules.Add("aten::addcdiv", call => [Broadcast(call, TypeRules.Result(call, "self", "tensor1", "tensor2"), "self", "tensor1", "tensor2")]);
        rules.Add("aten::native_dropout", call => [Of(call, "input"), With(call, ScalarType.Bool, "input")]);
    }

    private static TensorSpec Binary(Passes.OperatorCall call, ScalarType type) => Broadcast(call, type, "self", "other");

    private static TensorSpec Broadcast(Passes.OperatorCall call, ScalarType type, params ReadOnlySpan<string> names)
    {
        var specs = new List<TensorSpec>(names.Length);
        foreach (var name in names)
        {
            if (call.OptionalTensor(name) is { Tensor: { } spec })
            {
                specs.Add(spec);
            }
        }

        return SpecInference.Pointwise(call, type, specs);
    }

    private static TensorSpec Of(Passes.OperatorCall call, string name) => call.Tensor(name).Tensor! is { } spec ? spec with { Strides = default, StorageOffset = 0 } : null!;

    private static TensorSpec With(Passes.OperatorCall call, ScalarType type, string name = "self") => Of(call, name) with { ScalarType = type };
}
