using Tandem.Sdk;

namespace Tandem.Host.Lowering.Emission;

/// <summary>Errors of emission: the graph is not in the form that emission needs.</summary>
internal static class EmissionError
{
    /// <summary>A node that no instruction can express.</summary>
    internal static TandemException Node(GraphNode node, string problem, string? expected = null, string? found = null) =>
        new(ErrorCode.OperatorMissing, problem, new ErrorDetails
        {
            Location = node.SourceLocation is null ? node.ToString() : $"{node} ({node.SourceLocation})",
            Expected = expected,
            Found = found,
            NextStep = "lower the program with a backend that takes the node, or export the model without it",
        });
}
