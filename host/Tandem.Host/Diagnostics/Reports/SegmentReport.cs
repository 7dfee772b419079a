namespace Tandem.Host.Diagnostics.Reports;

/// <summary>One segment of a .pte.</summary>
/// <param name="Index">Index in the segment table.</param>
/// <param name="Offset">Absolute offset in the file.</param>
/// <param name="ByteCount">Number of bytes.</param>
/// <param name="Users">What lies in it: constants, initial data, payloads, named data.</param>
public sealed record SegmentReport(int Index, long Offset, long ByteCount, IReadOnlyList<string> Users);
