using System.Text;

namespace Tandem.Sdk;

/// <summary>The one exception that Tandem and its plugins throw for anything that input, configuration or a device can cause.</summary>
public sealed class TandemException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="code">What went wrong.</param>
    /// <param name="problem">One sentence that says it for this case.</param>
    /// <param name="details">Where, what was expected and found, and what to do.</param>
    /// <param name="innerException">The cause, if another exception is.</param>
    public TandemException(ErrorCode code, string problem, ErrorDetails details = default, Exception? innerException = null)
        : base(Compose(code, problem, details), innerException)
    {
        Code = code;
        Problem = problem;
        Details = details;
    }

    /// <summary>What went wrong, as a stable number.</summary>
    public ErrorCode Code { get; }

    /// <summary>The sentence without code and details.</summary>
    public string Problem { get; }

    /// <summary>Where, expected, found, next step.</summary>
    public ErrorDetails Details { get; }

    /// <summary>The same error with facts that only an outer layer knows; facts already there stay.</summary>
    /// <param name="details">The facts to add.</param>
    /// <returns>A new exception whose inner exception is this one.</returns>
    public TandemException With(ErrorDetails details) => new(Code, Problem, new ErrorDetails
    {
        File = Details.File ?? details.File,
        Location = Details.Location ?? details.Location,
        Expected = Details.Expected ?? details.Expected,
        Found = Details.Found ?? details.Found,
        NextStep = Details.NextStep ?? details.NextStep,
    }, this);

    private static string Compose(ErrorCode code, string problem, ErrorDetails details)
    {
        var text = new StringBuilder().Append("TDM").Append((int)code).Append(' ').Append(code).Append(": ").Append(problem);
        Append(text, "file", details.File);
        Append(text, "at", details.Location);
        Append(text, "expected", details.Expected);
        Append(text, "found", details.Found);
        Append(text, "next", details.NextStep);
        return text.ToString();
    }

    private static void Append(StringBuilder text, string label, string? value)
    {
        if (value is not null)
        {
            text.Append("; ").Append(label).Append(": ").Append(value);
        }
    }
}
