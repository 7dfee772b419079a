using Tandem.Host.Kernels.Common;
using Tandem.Host.Lowering.Inference;
using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>The dtypes in which operands meet.</summary>
internal static class TypeRules
{
    /// <summary>The dtype in which operands meet; each is the name of an argument that is a tensor, a number or absent.</summary>
    public static ScalarType Result(OperatorCall call, params ReadOnlySpan<string> names)
    {
        var promotion = new Promotion();
        foreach (var name in names)
        {
            promotion.Add(call.Inference, name);
        }

        return promotion.Result;
    }

    /// <summary>The dtype in which tensors meet.</summary>
    public static ScalarType Result(IEnumerable<TensorSpec> specs)
    {
        var promotion = new Promotion();
        foreach (var spec in specs)
        {
            promotion.Add(spec);
        }

        return promotion.Result;
    }

    /// <summary>The dtype of a function that gives fractions.</summary>
    public static ScalarType ToFloat(ScalarType type) => TypePromotion.ToFloat(type);
}
