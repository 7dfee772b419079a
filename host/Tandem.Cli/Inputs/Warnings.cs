using Spectre.Console;
using Tandem.Host.Execution;

namespace Tandem.Cli.Inputs;

/// <summary>Prints what loading a program warned of.</summary>
internal static class Warnings
{
    /// <summary>Prints to the standard error.</summary>
    public static void Print(Terminal terminal, Program program)
    {
        foreach (var warning in program.Warnings)
        {
            terminal.Error.MarkupLineInterpolated($"[yellow]warning[/] {warning}");
        }
    }
}
