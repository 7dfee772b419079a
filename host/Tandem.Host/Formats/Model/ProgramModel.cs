using System.Collections.Immutable;

namespace Tandem.Host.Formats.Model;

/// <summary>A verified .pte program: every index refers to something, every range lies inside the file.</summary>
public sealed record ProgramModel
{
    /// <summary>Name of the source, for messages.</summary>
    public required string SourceName { get; init; }

    /// <summary>Length of the source in bytes.</summary>
    public required long SourceLength { get; init; }

    /// <summary>Schema version; 0 today.</summary>
    public required uint Version { get; init; }

    /// <summary>The extended header; null for a file without one.</summary>
    public required ExtendedHeader? Header { get; init; }

    /// <summary>The methods, in the order of the file.</summary>
    public required ImmutableArray<ExecutionPlanModel> Plans { get; init; }

    /// <summary>Segments, absolute in the file. They may overlap.</summary>
    public required ImmutableArray<DataRange> Segments { get; init; }

    /// <summary>Constant i is at item i: in the constant segment or, in old files, inside the FlatBuffer. Length is up to the end of what holds it; item 0 is the placeholder.</summary>
    public required ImmutableArray<DataRange> Constants { get; init; }

    /// <summary>Index of the constant segment; -1 if constants lie inside the FlatBuffer or there are none.</summary>
    public required int ConstantSegmentIndex { get; init; }

    /// <summary>Initial contents of mutable buffers, by data_buffer_idx. Length is up to the end of the segment.</summary>
    public required ImmutableArray<DataRange> MutableInitialData { get; init; }

    /// <summary>Named data of the program.</summary>
    public required ImmutableArray<NamedDataEntry> NamedData { get; init; }
}
