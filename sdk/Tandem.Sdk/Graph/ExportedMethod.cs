namespace Tandem.Sdk;

/// <summary>One entry point of a program.</summary>
/// <param name="Name">Name of the method ("forward", "prefill").</param>
/// <param name="Graph">Its graph.</param>
/// <param name="Signature">What the graph's inputs and outputs are.</param>
public sealed record ExportedMethod(string Name, ExportedGraph Graph, GraphSignature Signature)
{
    /// <summary>How the user inputs nest: a tree spec of PyTorch as JSON, which the program carries for its callers uninterpreted; empty if there is none.</summary>
    public string InputTree { get; init; } = "";

    /// <summary>How the user outputs nest, likewise.</summary>
    public string OutputTree { get; init; } = "";
}
