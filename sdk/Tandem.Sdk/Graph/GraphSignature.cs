using System.Collections.Immutable;

namespace Tandem.Sdk;

/// <summary>What the inputs and outputs of a method's graph are.</summary>
/// <param name="Inputs">One for each input of the graph, in its order.</param>
/// <param name="Outputs">One for each output of the graph, in its order.</param>
public sealed record GraphSignature(ImmutableArray<GraphInputSpec> Inputs, ImmutableArray<GraphOutputSpec> Outputs)
{
    /// <summary>Inputs that the caller gives, in order.</summary>
    public IEnumerable<GraphInputSpec> UserInputs => Inputs.Where(input => input.Kind == GraphInputKind.UserInput);

    /// <summary>Whether a call changes the buffer.</summary>
    /// <param name="qualifiedName">The buffer's name in the model.</param>
    /// <returns>True if an output mutates it.</returns>
    public bool IsMutated(string qualifiedName) =>
        Outputs.Any(output => output.Kind == GraphOutputKind.BufferMutation && output.TargetName == qualifiedName);

    /// <summary>What a graph input is.</summary>
    /// <param name="valueName">Name of the graph's input.</param>
    /// <returns>The spec; null if no input has the name.</returns>
    public GraphInputSpec? FindInput(string valueName) => Inputs.FirstOrDefault(input => input.ValueName == valueName);
}
