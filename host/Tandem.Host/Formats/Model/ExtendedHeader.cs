namespace Tandem.Host.Formats.Model;

/// <summary>The extended header of a .pte.</summary>
/// <param name="Length">Length of the header in bytes: 24 in old files, 32 today.</param>
/// <param name="ProgramSize">Bytes of the FlatBuffer part, counted from the start of the file.</param>
/// <param name="SegmentBaseOffset">Where segments start; 0 if there are none.</param>
/// <param name="SegmentDataSize">Bytes of the segments; 0 if the header is too short to say.</param>
public sealed record ExtendedHeader(int Length, long ProgramSize, long SegmentBaseOffset, long SegmentDataSize);
