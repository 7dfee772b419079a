namespace Tandem.Host.Diagnostics.Reports;

/// <summary>One partition.</summary>
/// <param name="Index">Index of the method's delegate.</param>
/// <param name="BackendId">The backend that took it.</param>
/// <param name="NamedDataKeys">Keys of named data that its payload reads. Read from a file, a key that the file does not hold is abbreviated.</param>
public sealed record LoweringPartitionRecord(int Index, string BackendId, IReadOnlyList<string> NamedDataKeys);
