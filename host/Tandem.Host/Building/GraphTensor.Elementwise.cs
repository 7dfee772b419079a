using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <content>Arithmetic, comparisons and casts, element by element.</content>
public sealed partial class GraphTensor
{
    /// <summary>e^x.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Exp([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::exp", [], file, line);

    /// <summary>Natural logarithm.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Log([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::log", [], file, line);

    /// <summary>Logarithm to the base 2.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Log2([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::log2", [], file, line);

    /// <summary>Natural logarithm of 1 + x.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Log1P([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::log1p", [], file, line);

    /// <summary>Square root.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Sqrt([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::sqrt", [], file, line);

    /// <summary>1 over the square root.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Rsqrt([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::rsqrt", [], file, line);

    /// <summary>1 / x.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Reciprocal([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::reciprocal", [], file, line);

    /// <summary>Magnitude.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Abs([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::abs", [], file, line);

    /// <summary>-x.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Neg([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::neg", [], file, line);

    /// <summary>-1, 0 or 1.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Sign([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::sign", [], file, line);

    /// <summary>The integer below.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Floor([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::floor", [], file, line);

    /// <summary>The integer above.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Ceil([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::ceil", [], file, line);

    /// <summary>The nearest integer, ties to even.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Round([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::round", [], file, line);

    /// <summary>Sine.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Sin([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::sin", [], file, line);

    /// <summary>Cosine.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Cos([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::cos", [], file, line);

    /// <summary>Error function.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Erf([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::erf", [], file, line);

    /// <summary>x times x.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Square([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::square", [], file, line);

    /// <summary>Whether x is zero.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor LogicalNot([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::logical_not", [], file, line);

    /// <summary>All bits turned; for truth values, not.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor BitwiseNot([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::bitwise_not", [], file, line);

    /// <summary>Whether x is no number.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor IsNan([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::isnan", [], file, line);

    /// <summary>Whether x is infinite.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor IsInf([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::isinf", [], file, line);

    /// <summary>Sum.</summary>
    /// <param name="other">The other operand, a tensor or a number; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Add(TensorOrNumber other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::add.Tensor", [new("other", other.Argument)], file, line);

    /// <summary>Difference.</summary>
    /// <param name="other">The other operand, a tensor or a number; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Sub(TensorOrNumber other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::sub.Tensor", [new("other", other.Argument)], file, line);

    /// <summary>Product, element by element.</summary>
    /// <param name="other">The other operand, a tensor or a number; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Mul(TensorOrNumber other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::mul.Tensor", [new("other", other.Argument)], file, line);

    /// <summary>Quotient; integers give float32.</summary>
    /// <param name="other">The other operand, a tensor or a number; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Div(TensorOrNumber other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::div.Tensor", [new("other", other.Argument)], file, line);

    /// <summary>Quotient, rounded down.</summary>
    /// <param name="other">The other operand; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor FloorDivide(TensorOperand other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::floor_divide", [new("other", other)], file, line);

    /// <summary>Remainder with the sign of the divisor.</summary>
    /// <param name="other">The other operand, a tensor or a number; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Remainder(TensorOrNumber other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke(other.IsNumber ? "aten::remainder.Scalar" : "aten::remainder.Tensor", [new("other", other.Argument)], file, line);

    /// <summary>The greater of two.</summary>
    /// <param name="other">The other operand; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Maximum(TensorOperand other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::maximum", [new("other", other)], file, line);

    /// <summary>The lesser of two.</summary>
    /// <param name="other">The other operand; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Minimum(TensorOperand other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::minimum", [new("other", other)], file, line);

    /// <summary>Angle of the point (other, x).</summary>
    /// <param name="other">The other operand; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Atan2(TensorOperand other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::atan2", [new("other", other)], file, line);

    /// <summary>x to a power.</summary>
    /// <param name="exponent">The exponent, a tensor or a number; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Pow(TensorOrNumber exponent, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke(exponent.IsNumber ? "aten::pow.Tensor_Scalar" : "aten::pow.Tensor_Tensor", [new("exponent", exponent.Argument)], file, line);

    /// <summary>x within two bounds.</summary>
    /// <param name="minimum">Least value, if there is one.</param>
    /// <param name="maximum">Greatest value, if there is one.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Clamp(double? minimum = null, double? maximum = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::clamp",
        [
            new("min", minimum is { } givenMinimum ? givenMinimum : OperatorArgument.None),
            new("max", maximum is { } givenMaximum ? givenMaximum : OperatorArgument.None),
        ], file, line);

    /// <summary>Whether x is equal, as truth values.</summary>
    /// <param name="other">The other operand, a tensor or a number; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Eq(TensorOrNumber other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke(other.IsNumber ? "aten::eq.Scalar" : "aten::eq.Tensor", [new("other", other.Argument)], file, line);

    /// <summary>Whether x is different, as truth values.</summary>
    /// <param name="other">The other operand, a tensor or a number; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Ne(TensorOrNumber other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke(other.IsNumber ? "aten::ne.Scalar" : "aten::ne.Tensor", [new("other", other.Argument)], file, line);

    /// <summary>Whether x is less, as truth values.</summary>
    /// <param name="other">The other operand, a tensor or a number; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Lt(TensorOrNumber other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke(other.IsNumber ? "aten::lt.Scalar" : "aten::lt.Tensor", [new("other", other.Argument)], file, line);

    /// <summary>Whether x is less or equal, as truth values.</summary>
    /// <param name="other">The other operand, a tensor or a number; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Le(TensorOrNumber other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke(other.IsNumber ? "aten::le.Scalar" : "aten::le.Tensor", [new("other", other.Argument)], file, line);

    /// <summary>Whether x is greater, as truth values.</summary>
    /// <param name="other">The other operand, a tensor or a number; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Gt(TensorOrNumber other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke(other.IsNumber ? "aten::gt.Scalar" : "aten::gt.Tensor", [new("other", other.Argument)], file, line);

    /// <summary>Whether x is greater or equal, as truth values.</summary>
    /// <param name="other">The other operand, a tensor or a number; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Ge(TensorOrNumber other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke(other.IsNumber ? "aten::ge.Scalar" : "aten::ge.Tensor", [new("other", other.Argument)], file, line);

    /// <summary>Whether both are not zero.</summary>
    /// <param name="other">The other operand; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor LogicalAnd(TensorOperand other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::logical_and", [new("other", other)], file, line);

    /// <summary>Whether one is not zero.</summary>
    /// <param name="other">The other operand; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor LogicalOr(TensorOperand other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::logical_or", [new("other", other)], file, line);

    /// <summary>Bits that both have.</summary>
    /// <param name="other">The other operand; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor BitwiseAnd(TensorOperand other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::bitwise_and.Tensor", [new("other", other)], file, line);

    /// <summary>Bits that one has.</summary>
    /// <param name="other">The other operand; sizes broadcast.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor BitwiseOr(TensorOperand other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::bitwise_or.Tensor", [new("other", other)], file, line);

    /// <summary>x, or a number where a mask is true.</summary>
    /// <param name="mask">Truth values; sizes broadcast.</param>
    /// <param name="value">The number.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor MaskedFill(TensorOperand mask, double value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::masked_fill.Scalar", [new("mask", mask), new("value", GraphTensor.Number(value))], file, line);

    /// <summary>The same values in another element type.</summary>
    /// <param name="dtype">The element type.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor To(ScalarType dtype, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::to.dtype", [new("dtype", dtype)], file, line);

    /// <summary>A copy.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Clone([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::clone", [], file, line);

    /// <summary>A copy with the channels last in memory, as image kernels like it; the sizes stay [N, C, H, W].</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor ToChannelsLast([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::clone", [new("memory_format", "channels_last")], file, line);

    /// <summary>The tensor with its elements in the order of its dimensions.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Contiguous([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::contiguous", [], file, line);
}
