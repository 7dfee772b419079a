using System.Collections.Frozen;

namespace Tandem.Host.Lowering.Emission;

/// <summary>Which operators may write their result over an operand.</summary>
internal static class InPlaceOperators
{
    // Element by element: the kernel reads element i of an operand of the result's shape before it writes element i.
    private static readonly FrozenSet<string> Elementwise = FrozenSet.ToFrozenSet(
    [
        "aten::abs", "aten::acos", "aten::acosh", "aten::asin", "aten::asinh", "aten::atan", "aten::atanh", "aten::ceil", "aten::cos", "aten::cosh",
        "aten::erf", "aten::exp", "aten::expm1", "aten::floor", "aten::log", "aten::log10", "aten::log1p", "aten::log2", "aten::logical_not",
        "aten::bitwise_not", "aten::neg", "aten::reciprocal", "aten::relu", "aten::round", "aten::rsqrt", "aten::sigmoid", "aten::sign", "aten::sin",
        "aten::sinh", "aten::sqrt", "aten::tan", "aten::tanh", "aten::trunc", "aten::hardtanh", "aten::leaky_relu", "aten::elu", "aten::gelu",
        "aten::clamp", "aten::add.Tensor", "aten::add.Scalar", "aten::sub.Tensor", "aten::sub.Scalar", "aten::mul.Tensor", "aten::mul.Scalar",
        "aten::div.Tensor", "aten::div.Scalar", "aten::div.Tensor_mode", "aten::div.Scalar_mode", "aten::maximum", "aten::minimum", "aten::pow.Tensor_Scalar",
        "aten::pow.Tensor_Tensor", "aten::where.self", "aten::bitwise_and.Tensor", "aten::bitwise_or.Tensor", "aten::bitwise_xor.Tensor",
        "aten::logical_and", "aten::logical_or", "aten::logical_xor", "aten::masked_fill.Scalar", "aten::fmod.Tensor", "aten::fmod.Scalar",
        "aten::remainder.Tensor", "aten::remainder.Scalar", "aten::atan2", "aten::floor_divide", "aten::rsub.Scalar", "aten::clamp.Tensor",
        "aten::bitwise_and.Scalar", "aten::bitwise_or.Scalar", "aten::bitwise_xor.Scalar", "aten::pow.Scalar", "dim_order_ops::_to_dim_order_copy",
        "dim_order_ops::_clone_dim_order",

        // Line by line: each element is read for the last time before it is written.
        "aten::_softmax", "aten::_log_softmax",
    ]);

    // The result starts as a copy of this operand.
    private static readonly FrozenDictionary<string, string> StartsAsCopy = new Dictionary<string, string>
    {
        ["aten::index_put"] = "self",
        ["aten::slice_scatter"] = "self",
        ["aten::select_scatter.int"] = "self",
        ["aten::select_scatter"] = "self",
    }.ToFrozenDictionary();

    /// <summary>Whether a parameter's tensor may be written over.</summary>
    /// <param name="operatorName">Full name of the functional operator.</param>
    /// <param name="parameter">Name of the parameter.</param>
    /// <returns>True if the result may take its memory, where both have one layout.</returns>
    internal static bool Allows(string operatorName, string parameter) => Elementwise.Contains(operatorName)
        || (StartsAsCopy.TryGetValue(operatorName, out var self) && self == parameter);
}
