using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>What is known of one result of an operator before it runs.</summary>
/// <param name="Tensor">The tensor; null if the result is none.</param>
/// <param name="Integer">The integer; null if the result is none.</param>
internal readonly record struct InferredValue(TensorSpec? Tensor, SymbolicInt? Integer = null)
{
    /// <summary>Wraps a tensor.</summary>
    public static implicit operator InferredValue(TensorSpec tensor) => new(tensor);
}
