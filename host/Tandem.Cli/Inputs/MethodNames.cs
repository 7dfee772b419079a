using Tandem.Host.Execution;
using Tandem.Sdk;

namespace Tandem.Cli.Inputs;

/// <summary>Chooses a method where the user names none.</summary>
internal static class MethodNames
{
    /// <summary>The named method, the only one, or "forward".</summary>
    public static string Choose(Program program, string? name)
    {
        if (name is not null)
        {
            return name;
        }

        var names = program.MethodNames;
        return names.Count == 1 ? names[0] : names.Contains("forward") ? "forward"
            : throw new TandemException(ErrorCode.MethodNotFound, "the program has several methods", new ErrorDetails
            {
                Expected = string.Join(", ", names),
                NextStep = "name one with --method",
            });
    }
}
