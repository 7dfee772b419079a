namespace Tandem.Sdk;

/// <summary>One node of a payload.</summary>
/// <param name="Kind">The backend's name of the operation.</param>
/// <param name="Summary">Operands with dtype and shape, and attributes, in one line.</param>
/// <param name="DebugHandle">The debug handle that the payload carries, or -1.</param>
public sealed record PayloadNode(string Kind, string Summary, int DebugHandle);
