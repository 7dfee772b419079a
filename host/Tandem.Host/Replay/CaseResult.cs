namespace Tandem.Host.Replay;

/// <summary>How a replayed case ended.</summary>
/// <param name="Name">Name of the case.</param>
/// <param name="OutputCount">Number of recorded outputs.</param>
/// <param name="AgreeingOutputs">How many of them agree.</param>
/// <param name="Problems">One line for each output or call that does not.</param>
public sealed record CaseResult(string Name, int OutputCount, int AgreeingOutputs, IReadOnlyList<string> Problems);
