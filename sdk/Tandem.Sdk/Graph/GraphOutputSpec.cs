namespace Tandem.Sdk;

/// <summary>What one output of a method's graph is.</summary>
/// <param name="Kind">Where it goes.</param>
/// <param name="TargetName">The buffer's qualified name or the user input's value name; null for a user output.</param>
public sealed record GraphOutputSpec(GraphOutputKind Kind, string? TargetName = null);
