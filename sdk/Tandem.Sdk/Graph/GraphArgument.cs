using System.Collections.Immutable;

namespace Tandem.Sdk;

/// <summary>What a node is given, or a graph returns: one of the records nested here.</summary>
/// <remarks>
/// Closed: only the SDK adds kinds, in a new minor version. A partitioner that meets a kind it does not know refuses the node by name. Immutable.
/// </remarks>
public abstract record GraphArgument
{
    private protected GraphArgument()
    {
    }

    /// <summary>The value with this name: a tensor, or a symbolic number that a node computed.</summary>
    /// <param name="Name">Name of a <see cref="GraphValue"/> of the graph.</param>
    public sealed record Reference(string Name) : GraphArgument;

    /// <summary>An absent optional argument.</summary>
    public sealed record None : GraphArgument;

    /// <summary>An integer.</summary>
    /// <param name="Value">The integer.</param>
    public sealed record Int(long Value) : GraphArgument;

    /// <summary>An integer known at run time only, written as an expression over symbols.</summary>
    /// <param name="Value">The integer.</param>
    public sealed record Symbolic(SymbolicInt Value) : GraphArgument;

    /// <summary>A float.</summary>
    /// <param name="Value">The float.</param>
    public sealed record Float(double Value) : GraphArgument;

    /// <summary>A truth value.</summary>
    /// <param name="Value">The truth value.</param>
    public sealed record Bool(bool Value) : GraphArgument;

    /// <summary>A string.</summary>
    /// <param name="Value">The string.</param>
    public sealed record Text(string Value) : GraphArgument;

    /// <summary>An element type.</summary>
    /// <param name="Value">The element type.</param>
    public sealed record DataType(ScalarType Value) : GraphArgument;

    /// <summary>A memory format, layout or device, as PyTorch writes it ("contiguous_format", "strided", "cpu").</summary>
    /// <param name="Kind">"memory_format", "layout" or "device".</param>
    /// <param name="Value">The value.</param>
    public sealed record Option(string Kind, string Value) : GraphArgument;

    /// <summary>A complex number.</summary>
    /// <param name="Real">Real part.</param>
    /// <param name="Imaginary">Imaginary part.</param>
    public sealed record Complex(double Real, double Imaginary) : GraphArgument;

    /// <summary>A nested graph: a branch or body of control flow.</summary>
    /// <param name="Value">The graph; what it uses from outside comes in through its inputs.</param>
    public sealed record Subgraph(ExportedGraph Value) : GraphArgument;

    /// <summary>A list; its items may be of different kinds and absent.</summary>
    /// <param name="Items">The items.</param>
    public sealed record List(ImmutableArray<GraphArgument> Items) : GraphArgument
    {
        /// <summary>Value equality, item by item.</summary>
        /// <param name="other">The other list.</param>
        /// <returns>True if all items are equal.</returns>
        public bool Equals(List? other) => other is not null && Items.AsSpan().SequenceEqual(other.Items.AsSpan());

        /// <inheritdoc/>
        public override int GetHashCode() => Items.Aggregate(17, HashCode.Combine);
    }

    /// <summary>The names of all values that the argument refers to, in order, lists included and nested graphs left out.</summary>
    /// <returns>The names.</returns>
    public IEnumerable<string> References() => this switch
    {
        Reference reference => [reference.Name],
        List list => list.Items.SelectMany(item => item.References()),
        _ => [],
    };
}
