namespace Tandem.Sdk;

/// <summary>An argument of a node with the name of the operator's parameter.</summary>
/// <param name="Name">Name in the operator's schema ("self", "dim").</param>
/// <param name="Value">The argument.</param>
public readonly record struct GraphNamedArgument(string Name, GraphArgument Value);
