namespace Tandem.Host.Diagnostics.Reports;

/// <summary>Everything that a person wants to know of a program file, as data.</summary>
public sealed record ProgramReport
{
    /// <summary>The .pte and the .ptd files that were read with it.</summary>
    public required IReadOnlyList<FileReport> Files { get; init; }

    /// <summary>The methods.</summary>
    public required IReadOnlyList<MethodReport> Methods { get; init; }

    /// <summary>Segments of the .pte.</summary>
    public required IReadOnlyList<SegmentReport> Segments { get; init; }

    /// <summary>Named data of all files, with who shares what.</summary>
    public required IReadOnlyList<NamedDataReport> NamedData { get; init; }

    /// <summary>Who took each node when the program was lowered, and why; null if the file does not say.</summary>
    public LoweringRecord? Lowering { get; init; }

    /// <summary>What works, but not as its user may expect.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
