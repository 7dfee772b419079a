using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Formats;

/// <summary>A program and its data files as they are to be written. Holds no bytes of weights, only where they come from.</summary>
/// <param name="Plans">The methods, in the order of the file.</param>
internal sealed record ProgramImage(ImmutableArray<PlanImage> Plans)
{
    /// <summary>Smallest alignment of a segment.</summary>
    public const int SegmentAlignment = 128;

    /// <summary>Whether equal contents are written once; if not, each key and each payload has its own bytes.</summary>
    public bool SharesContent { get; init; } = true;

    /// <summary>Constants of the program, each content once; index i of a plan is item i - 1.</summary>
    public ImmutableArray<DataContent> Constants { get; init; } = [];

    /// <summary>First contents of mutable buffers, each once; index i of a plan is item i - 1.</summary>
    public ImmutableArray<DataContent> MutableData { get; init; } = [];

    /// <summary>Named data of the program itself, in order.</summary>
    public ImmutableArray<NamedDataImage> NamedData { get; init; } = [];

    /// <summary>Data files by tag, in order: what each of them holds.</summary>
    public ImmutableArray<(string Tag, ImmutableArray<NamedDataImage> Data)> DataFiles { get; init; } = [];
}
