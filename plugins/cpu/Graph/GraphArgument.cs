namespace Tandem.Plugins.Cpu.Graph;

/// <summary>A value that is an argument of the delegate call.</summary>
/// <param name="Value">Index of the value.</param>
/// <param name="Argument">Position in the call.</param>
internal readonly record struct GraphArgument(int Value, int Argument);
