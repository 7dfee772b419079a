using Tandem.Sdk;

namespace Tandem.Host.Kernels.Common;

/// <summary>PyTorch's type promotion.</summary>
internal static class TypePromotion
{
    /// <summary>The dtype in which two tensors meet.</summary>
    internal static ScalarType Promote(ScalarType left, ScalarType right)
    {
        if (left == right)
        {
            return left;
        }

        if (left.IsComplex() || right.IsComplex())
        {
            return left is ScalarType.ComplexDouble || right is ScalarType.ComplexDouble || left == ScalarType.Double || right == ScalarType.Double
                ? ScalarType.ComplexDouble : ScalarType.ComplexFloat;
        }

        if (left.IsFloatingPoint() || right.IsFloatingPoint())
        {
            return !right.IsFloatingPoint() ? left : !left.IsFloatingPoint() ? right
                : left == ScalarType.Double || right == ScalarType.Double ? ScalarType.Double : ScalarType.Float;
        }

        if (left == ScalarType.Bool || right == ScalarType.Bool)
        {
            return left == ScalarType.Bool ? right : left;
        }

        var (leftSize, rightSize) = (left.Size(), right.Size());
        if (IsUnsigned(left) == IsUnsigned(right))
        {
            return leftSize >= rightSize ? left : right;
        }

        // uint8 meets a signed type in the least signed type that holds both.
        var (signedSize, unsignedSize) = IsUnsigned(left) ? (rightSize, leftSize) : (leftSize, rightSize);
        return Math.Max(signedSize, Math.Min(unsignedSize * 2, 8)) switch
        {
            1 => ScalarType.Char,
            2 => ScalarType.Short,
            4 => ScalarType.Int,
            _ => ScalarType.Long,
        };
    }

    /// <summary>The dtype in which a tensor meets a plain number: the number only decides where its category is higher.</summary>
    internal static ScalarType Promote(ScalarType tensor, in EValue number) => number.Kind switch
    {
        EValueKind.Double when !tensor.IsFloatingPoint() && !tensor.IsComplex() => ScalarType.Float,
        EValueKind.Int when tensor == ScalarType.Bool => ScalarType.Long,
        _ => tensor,
    };

    /// <summary>The dtype of a function that gives fractions: integers become float32.</summary>
    internal static ScalarType ToFloat(ScalarType type) => type.IsFloatingPoint() || type.IsComplex() ? type : ScalarType.Float;

    private static bool IsUnsigned(ScalarType type) => type is ScalarType.Byte or ScalarType.UInt16 or ScalarType.UInt32 or ScalarType.UInt64;
}
