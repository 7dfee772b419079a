using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>Where an operation comes from: names it in events and errors.</summary>
/// <param name="Kind">The payload's name of the operation.</param>
/// <param name="Index">Position in the payload's list of nodes.</param>
/// <param name="DebugHandle">The payload's debug handle.</param>
internal sealed record NodeSource(string Kind, int Index, int DebugHandle)
{
    /// <summary>The error that says that this node is damaged.</summary>
    public TandemException Invalid(string problem, string? expected = null, string? found = null) =>
        new(ErrorCode.PayloadInvalid, $"{Kind}: {problem}", new ErrorDetails
        {
            Location = $"xnodes[{Index}]",
            Expected = expected,
            Found = found,
            NextStep = "export the program again",
        });

    /// <summary>The error that says that this node is not run here.</summary>
    public TandemException NotSupported(string problem, string? expected = null, string? found = null) =>
        new(ErrorCode.PayloadNotSupported, $"{Kind}: {problem}", new ErrorDetails
        {
            Location = $"xnodes[{Index}]",
            Expected = expected,
            Found = found,
            NextStep = "lower the program without this operation for this backend",
        });
}
