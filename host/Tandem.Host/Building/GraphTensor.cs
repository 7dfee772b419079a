using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <summary>A tensor of a method that is being built: what an input or an operator gave. Its methods add operators to the method.</summary>
/// <remarks>
/// Every operator checks its arguments at once, by the rules of eager PyTorch, and throws <see cref="TandemException"/> with
/// <see cref="ErrorCode.OperatorArgumentInvalid"/> or <see cref="ErrorCode.OperatorTypeNotSupported"/>, the shapes expected and found, and the C# line.
/// </remarks>
public sealed partial class GraphTensor : TensorOperand
{
    internal GraphTensor(GraphBuilder graph, string name, TensorSpec spec)
    {
        (Graph, Name, Spec) = (graph, name, spec);
    }

    /// <summary>Name of the value in its method.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public override TensorSpec Spec { get; }

    /// <summary>The graph that the tensor belongs to.</summary>
    public GraphBuilder Graph { get; }

    /// <summary>"linear: float32 [1, 4]".</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Name}: {Spec}";

    /// <summary>Sum; sizes broadcast, element types are promoted.</summary>
    /// <param name="left">First term.</param>
    /// <param name="right">Second term, a tensor or a number.</param>
    public static GraphTensor operator +(GraphTensor left, TensorOrNumber right) => left.Invoke("aten::add.Tensor", [right.Argument], "", 0);

    /// <summary>Sum with a number on the left.</summary>
    /// <param name="left">The number.</param>
    /// <param name="right">The tensor.</param>
    public static GraphTensor operator +(double left, GraphTensor right) => right + left;

    /// <summary>Difference; sizes broadcast, element types are promoted.</summary>
    /// <param name="left">From this.</param>
    /// <param name="right">This is taken away, a tensor or a number.</param>
    public static GraphTensor operator -(GraphTensor left, TensorOrNumber right) => left.Invoke("aten::sub.Tensor", [right.Argument], "", 0);

    /// <summary>Difference with a number on the left.</summary>
    /// <param name="left">The number.</param>
    /// <param name="right">The tensor.</param>
    public static GraphTensor operator -(double left, GraphTensor right) => right.Invoke("aten::rsub.Scalar", [Number(left)], "", 0);

    /// <summary>Product, element by element; sizes broadcast, element types are promoted.</summary>
    /// <param name="left">First factor.</param>
    /// <param name="right">Second factor, a tensor or a number.</param>
    public static GraphTensor operator *(GraphTensor left, TensorOrNumber right) => left.Invoke("aten::mul.Tensor", [right.Argument], "", 0);

    /// <summary>Product, element by element with a number on the left.</summary>
    /// <param name="left">The number.</param>
    /// <param name="right">The tensor.</param>
    public static GraphTensor operator *(double left, GraphTensor right) => right * left;

    /// <summary>Quotient, element by element; integers give float32; sizes broadcast, element types are promoted.</summary>
    /// <param name="left">Dividend.</param>
    /// <param name="right">Divisor, a tensor or a number.</param>
    public static GraphTensor operator /(GraphTensor left, TensorOrNumber right) => left.Invoke("aten::div.Tensor", [right.Argument], "", 0);

    /// <summary>Negation.</summary>
    /// <param name="value">The tensor.</param>
    public static GraphTensor operator -(GraphTensor value) => value.Invoke("aten::neg", [], "", 0);

    /// <summary>Any operator with this tensor as its first argument and one tensor as its result.</summary>
    /// <param name="operatorName">Full name: "aten::relu", "aten::add.Tensor".</param>
    /// <param name="arguments">The other arguments, by position or name.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Call(
        string operatorName, ReadOnlySpan<OperatorArgument> arguments, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke(operatorName, arguments, file, line);

    // A number that is whole takes part in promotion as an integer, as it does where it is written so in Python.
    internal static OperatorArgument Number(double value) =>
        value == Math.Floor(value) && Math.Abs(value) < 1L << 53 && !(value == 0 && double.IsNegative(value)) ? (OperatorArgument)(long)value : value;

    private OperatorArgument Dims(ReadOnlySpan<int> dims) => dims.IsEmpty ? OperatorArgument.OfInts([.. Enumerable.Range(0, Rank)]) : OperatorArgument.OfInts(dims);

    private GraphTensor Invoke(string operatorName, ReadOnlySpan<OperatorArgument> arguments, string file, int line) =>
        Graph.Single(operatorName, [this, .. arguments], file, line);

    private GraphTensor[] InvokeMany(string operatorName, ReadOnlySpan<OperatorArgument> arguments, string file, int line) =>
        [.. Graph.Many(operatorName, [this, .. arguments], default, file, line)];
}
