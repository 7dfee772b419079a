using Tandem.Host.Kernels.Common;
using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Shapes;

/// <summary>PyTorch's type promotion: tensors with dimensions decide before those without, and those before plain numbers.</summary>
internal static class TypeRules
{
    /// <summary>The dtype in which operands meet; each is the name of an argument that is a tensor, a number or absent.</summary>
    public static ScalarType Result(OperatorCall call, params ReadOnlySpan<string> names)
    {
        ScalarType? dimensioned = null, dimensionless = null, number = null;
        foreach (var name in names)
        {
            if (call.OptionalTensor(name) is { Tensor: { } spec })
            {
                ref var slot = ref spec.Rank > 0 ? ref dimensioned : ref dimensionless;
                slot = slot is { } known ? TypePromotion.Promote(known, spec.ScalarType) : spec.ScalarType;
            }
            else if (call.Find(name) is { } argument)
            {
                var type = OfNumber(argument);
                number = number is { } known ? TypePromotion.Promote(known, type) : type;
            }
        }

        return Combine(Combine(dimensioned, dimensionless), number) ?? ScalarType.Float;
    }

    /// <summary>The dtype in which tensors meet.</summary>
    public static ScalarType Result(IEnumerable<TensorSpec> specs)
    {
        ScalarType? dimensioned = null, dimensionless = null;
        foreach (var spec in specs)
        {
            ref var slot = ref spec.Rank > 0 ? ref dimensioned : ref dimensionless;
            slot = slot is { } known ? TypePromotion.Promote(known, spec.ScalarType) : spec.ScalarType;
        }

        return Combine(dimensioned, dimensionless) ?? ScalarType.Float;
    }

    /// <summary>The dtype of a function that gives fractions.</summary>
    public static ScalarType ToFloat(ScalarType type) => TypePromotion.ToFloat(type);

    /// <summary>The dtype of a sum or product: integers and truth values become int64.</summary>
    public static ScalarType ToSum(ScalarType type) => type.IsInteger() || type == ScalarType.Bool ? ScalarType.Long : type;

    private static ScalarType OfNumber(GraphArgument argument) => argument switch
    {
        GraphArgument.Float => ScalarType.Float,
        GraphArgument.Bool => ScalarType.Bool,
        GraphArgument.Complex => ScalarType.ComplexFloat,
        _ => ScalarType.Long,
    };

    // What has lower priority counts only where its category (truth value, integer, float, complex) is higher.
    private static ScalarType? Combine(ScalarType? higher, ScalarType? lower) => higher is not { } strong ? lower : lower is not { } weak ? strong
        : Category(weak) > Category(strong) ? (Category(weak) == 2 && Category(strong) < 2 ? weak : TypePromotion.Promote(strong, weak)) : strong;

    private static int Category(ScalarType type) => type == ScalarType.Bool ? 0 : type.IsComplex() ? 3 : type.IsFloatingPoint() ? 2 : 1;
}
