namespace Tandem.Host.Formats;

/// <summary>The node that an instruction comes from.</summary>
/// <param name="NodeName">Name of the node; empty for an instruction that no node asked for.</param>
/// <param name="DebugHandle">Debug handle of the node; -1 if it has none.</param>
internal readonly record struct InstructionOrigin(string NodeName, int DebugHandle);
