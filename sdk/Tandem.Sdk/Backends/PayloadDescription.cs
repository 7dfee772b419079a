namespace Tandem.Sdk;

/// <summary>What is inside a delegate's payload.</summary>
/// <param name="Format">Name and version of the payload format, as in "XNNPACK XN01".</param>
/// <param name="Nodes">The nodes in order of execution.</param>
/// <param name="NamedDataKeys">Keys that the payload fetches from the named data, each once.</param>
public sealed record PayloadDescription(
    string Format, IReadOnlyList<PayloadNode> Nodes, IReadOnlyList<string> NamedDataKeys);
