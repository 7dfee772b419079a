using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <summary>What the signature and the weights say of one input of a graph, before the graph is read.</summary>
/// <param name="Kind">Where it comes from.</param>
/// <param name="QualifiedName">Name in the model; null for a user input.</param>
/// <param name="Tensor">Its bytes; null for a user input.</param>
internal sealed record InputSlot(GraphInputKind Kind, string? QualifiedName, ImportedTensor? Tensor)
{
    /// <summary>Name of the graph's input; for a constant the only one that it has.</summary>
    public string? ValueName { get; init; }

    /// <summary>For a buffer, whether it is saved with the model.</summary>
    public bool IsPersistent { get; init; } = true;
}
