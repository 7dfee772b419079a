namespace Tandem.Host.Building;

/// <summary>An operand that is a tensor or a plain number; both convert to it.</summary>
/// <remarks>
/// A number decides an element type only where its category is higher: an integer tensor and 0.5 give float32. A number without fraction counts as an
/// integer.
/// </remarks>
public readonly struct TensorOrNumber
{
    private readonly TensorOperand? _tensor;
    private readonly double _number;

    private TensorOrNumber(TensorOperand? tensor, double number)
    {
        (_tensor, _number) = (tensor, number);
    }

    internal bool IsNumber => _tensor is null;

    internal OperatorArgument Argument => _tensor is null ? GraphTensor.Number(_number) : _tensor;

    /// <summary>A tensor.</summary>
    /// <param name="tensor">The tensor.</param>
    public static implicit operator TensorOrNumber(TensorOperand tensor) => new(tensor, 0);

    /// <summary>A number.</summary>
    /// <param name="number">The number.</param>
    public static implicit operator TensorOrNumber(double number) => new(null, number);
}
