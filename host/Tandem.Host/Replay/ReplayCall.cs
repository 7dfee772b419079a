namespace Tandem.Host.Replay;

/// <summary>One recorded call.</summary>
/// <param name="Index">Position in the case.</param>
/// <param name="Method">Name of the method.</param>
/// <param name="Inputs">Inputs in order.</param>
/// <param name="Outputs">Expected outputs in order.</param>
public sealed record ReplayCall(int Index, string Method, IReadOnlyList<ReplayValue> Inputs, IReadOnlyList<ReplayValue> Outputs);
