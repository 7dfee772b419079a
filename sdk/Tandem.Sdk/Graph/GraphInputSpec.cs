namespace Tandem.Sdk;

/// <summary>What one input of a method's graph is.</summary>
/// <param name="Kind">Where it comes from.</param>
/// <param name="ValueName">Name of the graph's input.</param>
public sealed record GraphInputSpec(GraphInputKind Kind, string ValueName)
{
    /// <summary>Fully qualified name in the model ("layers.0.weight"); null for a user input.</summary>
    public string? QualifiedName { get; init; }

    /// <summary>The bytes: a parameter, a constant, a buffer's first value; null for a user input and a buffer without initial value.</summary>
    public ExportedTensor? Tensor { get; init; }

    /// <summary>
    /// For a user input that is a number, a string or None: what the model was exported with, which a call must give again; null for a tensor and for
    /// a symbolic number.
    /// </summary>
    public GraphArgument? TracedValue { get; init; }

    /// <summary>For a buffer, whether the program saves it with the model.</summary>
    public bool IsPersistent { get; init; } = true;
}
