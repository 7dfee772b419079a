using Spectre.Console;

namespace Tandem.Cli;

/// <summary>Where the command prints: results to the standard output, progress and errors to the standard error. Colours only on a terminal.</summary>
internal sealed class Terminal
{
    /// <summary>Creates a terminal over two writers.</summary>
    public Terminal(TextWriter output, TextWriter error, bool isTerminal = false)
    {
        Output = Create(output, isTerminal);
        Error = Create(error, isTerminal);
        RawOutput = output;
    }

    /// <summary>The process's own streams.</summary>
    public static Terminal Process { get; } = new(Console.Out, Console.Error, !Console.IsOutputRedirected && !Console.IsErrorRedirected);

    /// <summary>Results.</summary>
    public IAnsiConsole Output { get; }

    /// <summary>Progress and errors.</summary>
    public IAnsiConsole Error { get; }

    /// <summary>Results without wrapping: JSON, streamed text.</summary>
    public TextWriter RawOutput { get; }

    private static IAnsiConsole Create(TextWriter writer, bool isTerminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(writer),
        });
        if (!isTerminal)
        {
            // A pipe has no width: lines stay whole, so that they can be searched.
            console.Profile.Width = 240;
        }

        return console;
    }
}
