using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>The element type in which operands meet: tensors with dimensions first, then scalars, then plain numbers, each only if its category is higher.</summary>
internal struct Promotion
{
    private ScalarType? _dimensioned;
    private ScalarType? _scalar;
    private ScalarType? _number;

    /// <summary>The result.</summary>
    public readonly ScalarType Result => Over(_dimensioned, Over(_scalar, _number)) ?? ScalarType.Float;

    /// <summary>Adds an operand of a call: a tensor or a plain number.</summary>
    public void Add(OperatorArguments call, string name)
    {
        if (call.OptionalTensor(name) is { } tensor)
        {
            Add(tensor);
        }
        else if (call.NumberType(name) is { } type)
        {
            _number = Meet(_number, type);
        }
    }

    /// <summary>Adds a tensor.</summary>
    public void Add(TensorSpec tensor)
    {
        if (tensor.Rank == 0)
        {
            _scalar = Meet(_scalar, tensor.ScalarType);
        }
        else
        {
            _dimensioned = Meet(_dimensioned, tensor.ScalarType);
        }
    }

    private static ScalarType? Meet(ScalarType? left, ScalarType? right) =>
        left is { } a && right is { } b ? TypePromotion.Promote(a, b) : left ?? right;

    private static ScalarType? Over(ScalarType? higher, ScalarType? lower)
    {
        if (higher is not { } type || lower is not { } other)
        {
            return higher ?? lower;
        }

        return Category(other) <= Category(type) ? type
            : type.IsFloatingPoint() && other.IsComplex() ? (type == ScalarType.Double ? ScalarType.ComplexDouble : ScalarType.ComplexFloat)
            : TypePromotion.Promote(type, other);
    }

    private static int Category(ScalarType type) => type == ScalarType.Bool ? 0 : type.IsComplex() ? 3 : type.IsFloatingPoint() ? 2 : 1;
}
