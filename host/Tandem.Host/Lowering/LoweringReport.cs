using Tandem.Host.Diagnostics.Reports;

namespace Tandem.Host.Lowering;

/// <summary>What a lowering did.</summary>
public sealed record LoweringReport
{
    /// <summary>Who took each node, who refused it and why, and which data the partitions read; nodes in the order of the graph.</summary>
    public required LoweringRecord Record { get; init; }

    /// <summary>The files that were written, the program first.</summary>
    public required IReadOnlyList<LoweringFile> Files { get; init; }

    /// <summary>Where the bytes went, and what sharing saved.</summary>
    public required LoweringSizes Sizes { get; init; }

    /// <summary>Bytes of the archive; 0 if the program came from memory.</summary>
    public required long ArchiveBytes { get; init; }

    /// <summary>Time of each stage.</summary>
    public required IReadOnlyList<LoweringTime> Times { get; init; }
}
