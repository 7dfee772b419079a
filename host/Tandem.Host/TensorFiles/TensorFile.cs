using Tandem.Sdk;

namespace Tandem.Host.TensorFiles;

/// <summary>What the readers and writers of tensor files share.</summary>
internal static class TensorFile
{
    internal static byte[] ReadAllBytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TandemException(ErrorCode.SourceUnreadable, "the file cannot be read", new ErrorDetails
            {
                File = path,
                Found = error.Message,
                NextStep = "check the path and its permissions",
            }, error);
        }
    }

    internal static TensorLayout CheckedLayout(string file, string location, ScalarType type, ReadOnlySpan<int> sizes)
    {
        try
        {
            return new TensorLayout(type, sizes);
        }
        catch (TandemException error)
        {
            throw Invalid(file, location, error.Problem, error.Details.Expected, error.Details.Found, error);
        }
    }

    internal static TandemException Invalid(
        string file, string location, string problem, string? expected, string? found, Exception? inner = null) =>
        new(ErrorCode.TensorFileInvalid, problem, new ErrorDetails
        {
            File = file,
            Location = location,
            Expected = expected,
            Found = found,
            NextStep = "write the file anew",
        }, inner);
}
