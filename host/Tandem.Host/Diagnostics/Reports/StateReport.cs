namespace Tandem.Host.Diagnostics.Reports;

/// <summary>One mutable buffer of a method.</summary>
/// <param name="Name">Fully qualified name; "(unnamed)" if the file has none.</param>
/// <param name="Layout">Element type and shape.</param>
/// <param name="MemoryId">Planned buffer that holds it.</param>
/// <param name="Offset">Offset inside the planned buffer.</param>
/// <param name="ByteCount">Number of bytes.</param>
/// <param name="SharedWith">Other methods that share it.</param>
public sealed record StateReport(string Name, string Layout, int MemoryId, long Offset, long ByteCount, IReadOnlyList<string> SharedWith);
