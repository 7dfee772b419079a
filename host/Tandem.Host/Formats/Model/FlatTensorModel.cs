using System.Collections.Immutable;

namespace Tandem.Host.Formats.Model;

/// <summary>A verified .ptd file.</summary>
/// <param name="SourceName">Name of the source, for messages.</param>
/// <param name="SourceLength">Length of the source in bytes.</param>
/// <param name="Version">Schema version; 0 today.</param>
/// <param name="IndexEnd">Where the index ends.</param>
/// <param name="SegmentBaseOffset">Where segments start.</param>
/// <param name="NamedData">Keys in the order of the file.</param>
public sealed record FlatTensorModel(
    string SourceName, long SourceLength, uint Version, long IndexEnd, long SegmentBaseOffset, ImmutableArray<NamedDataEntry> NamedData);
