using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <content>Operators over several tensors, and those that make tensors.</content>
public abstract partial class GraphBuilder
{
    /// <summary>Tensors one after another along a dimension.</summary>
    /// <param name="tensors">The tensors; other dimensions are equal.</param>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Cat(ReadOnlySpan<TensorOperand> tensors, int dim = 0, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Single("aten::cat", [new("tensors", OperatorArgument.OfTensors(tensors)), new("dim", (long)dim)], file, line);

    /// <summary>Tensors side by side along a new dimension.</summary>
    /// <param name="tensors">The tensors; all sizes are equal.</param>
    /// <param name="dim">Where the new dimension stands.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Stack(ReadOnlySpan<TensorOperand> tensors, int dim = 0, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Single("aten::stack", [new("tensors", OperatorArgument.OfTensors(tensors)), new("dim", (long)dim)], file, line);

    /// <summary>Elements of one tensor where a condition is true, of another where it is not.</summary>
    /// <param name="condition">Truth values; sizes broadcast.</param>
    /// <param name="self">Where it is true.</param>
    /// <param name="other">Where it is not.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Where(
        TensorOperand condition, TensorOperand self, TensorOperand other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Single("aten::where.self", [new("condition", condition), new("self", self), new("other", other)], file, line);

    /// <summary>Sum of products, as an equation says ("bij,bjk->bik").</summary>
    /// <param name="equation">The equation.</param>
    /// <param name="tensors">The tensors.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Einsum(
        string equation, ReadOnlySpan<TensorOperand> tensors, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Single("aten::einsum", [new("equation", equation), new("tensors", OperatorArgument.OfTensors(tensors))], file, line);

    /// <summary>A tensor of zeros.</summary>
    /// <param name="sizes">The sizes.</param>
    /// <param name="dtype">The element type.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Zeros(
        ReadOnlySpan<SymbolicInt> sizes, ScalarType dtype = ScalarType.Float, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Single("aten::zeros", [new("size", OperatorArgument.OfSizes(sizes)), new("dtype", dtype)], file, line);

    /// <summary>A tensor of ones.</summary>
    /// <param name="sizes">The sizes.</param>
    /// <param name="dtype">The element type.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Ones(
        ReadOnlySpan<SymbolicInt> sizes, ScalarType dtype = ScalarType.Float, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Single("aten::ones", [new("size", OperatorArgument.OfSizes(sizes)), new("dtype", dtype)], file, line);

    /// <summary>A tensor of one number.</summary>
    /// <param name="sizes">The sizes.</param>
    /// <param name="value">The number.</param>
    /// <param name="dtype">The element type.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Full(
        ReadOnlySpan<SymbolicInt> sizes, double value, ScalarType dtype = ScalarType.Float, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Single("aten::full",
        [
            new("size", OperatorArgument.OfSizes(sizes)),
            new("fill_value", GraphTensor.Number(value)),
            new("dtype", dtype),
        ], file, line);

    /// <summary>0, 1, 2, ... as int64.</summary>
    /// <param name="end">How many.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Arange(SymbolicInt end, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Single("aten::arange", [new("end", end)], file, line);
}
