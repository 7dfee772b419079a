namespace Tandem.Cli;

/// <summary>Exit codes of the command, as the README lists them.</summary>
internal static class ExitCode
{
    /// <summary>Everything that was asked for was done.</summary>
    public const int Success = 0;

    /// <summary>The check ran, and an output disagrees or a program does not load.</summary>
    public const int Disagreement = 1;

    /// <summary>The command line cannot be understood.</summary>
    public const int Usage = 2;

    /// <summary>An error with a code (docs/errors.md) was printed.</summary>
    public const int Failed = 3;

    /// <summary>Interrupted by the user.</summary>
    public const int Cancelled = 130;
}
