namespace Tandem.Host.Diagnostics.Reports;

/// <summary>One file.</summary>
/// <param name="Name">Path or name.</param>
/// <param name="Format">"pte" or "ptd".</param>
/// <param name="ByteCount">Length of the file.</param>
/// <param name="Version">Schema version.</param>
/// <param name="ProgramByteCount">Bytes of the FlatBuffer part, the header included.</param>
/// <param name="HeaderByteCount">Length of the extended header; 0 if there is none.</param>
/// <param name="SegmentBaseOffset">Where segments start; 0 if there are none.</param>
public sealed record FileReport(
    string Name, string Format, long ByteCount, uint Version, long ProgramByteCount, int HeaderByteCount, long SegmentBaseOffset);
