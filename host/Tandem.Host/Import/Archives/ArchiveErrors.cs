using Tandem.Sdk;

namespace Tandem.Host.Import.Archives;

/// <summary>Errors of archives.</summary>
internal static class ArchiveErrors
{
    internal static TandemException Invalid(string file, string? location, string problem, string? expected = null, string? found = null) =>
        new(ErrorCode.ArchiveInvalid, problem, new ErrorDetails
        {
            File = file,
            Location = location,
            Expected = expected,
            Found = found,
            NextStep = "export the model again",
        });

    internal static TandemException NotSupported(string file, string? location, string problem, string? expected = null, string? found = null) =>
        new(ErrorCode.FormatNotSupported, problem, new ErrorDetails
        {
            File = file,
            Location = location,
            Expected = expected,
            Found = found,
            NextStep = "write the archive with torch.export.save",
        });

    internal static TandemException TooLarge(string file, string? location, string problem, string expected, string found) =>
        new(ErrorCode.ProgramLimitExceeded, problem, new ErrorDetails { File = file, Location = location, Expected = expected, Found = found });
}
