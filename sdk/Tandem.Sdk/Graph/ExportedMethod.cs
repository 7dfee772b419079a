namespace Tandem.Sdk;

/// <summary>One entry point of a program.</summary>
/// <param name="Name">Name of the method ("forward", "prefill").</param>
/// <param name="Graph">Its graph.</param>
/// <param name="Signature">What the graph's inputs and outputs are.</param>
public sealed record ExportedMethod(string Name, ExportedGraph Graph, GraphSignature Signature);
