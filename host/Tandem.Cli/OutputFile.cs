using Tandem.Sdk;

namespace Tandem.Cli;

/// <summary>Writes result files: to a temporary file first, then renamed.</summary>
internal static class OutputFile
{
    /// <summary>Writes text as UTF-8.</summary>
    public static void WriteText(string path, string text)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            File.WriteAllText(temporary, text);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TandemException(ErrorCode.SourceUnreadable, "the file cannot be written",
                new ErrorDetails { File = path, Found = error.Message, NextStep = "check the folder and its permissions" }, error);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
