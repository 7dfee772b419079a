namespace Tandem.Sdk;

/// <summary>A value of a graph: set once, by an input or by a node.</summary>
/// <param name="Name">Unique in its method, nested graphs included.</param>
/// <param name="Tensor">The tensor; null for a symbolic number, a list or nothing.</param>
public sealed record GraphValue(string Name, TensorSpec? Tensor)
{
    /// <summary>Range of a symbolic integer that a node computes; null for anything else.</summary>
    public SymbolicInt? Integer { get; init; }
}
