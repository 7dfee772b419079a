using System.CommandLine;
using Spectre.Console;
using Tandem.Cli.Commands;
using Tandem.Sdk;

namespace Tandem.Cli;

/// <summary>The command <c>tandem</c>: parses, runs a verb, turns errors into messages and exit codes.</summary>
internal static class CommandLine
{
    /// <summary>Runs the command.</summary>
    /// <param name="args">Arguments.</param>
    /// <param name="terminal">Where to print.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args, Terminal terminal)
    {
        var root = new RootCommand("""
            Lowers models to ExecuTorch programs and runs them in .NET.

            Examples:
              tandem demo
              tandem lower model.pt2 -o model.pte --backend cpu
              tandem quantize model.pt2 -o model.pte --backend cpu
              tandem run model.pte --inputs in.safetensors --outputs out.safetensors
              tandem generate model.pte --tokenizer tokenizer.json --prompt "Once upon a time"
              tandem check --program portable.pte cases/*
              tandem inspect model.pte --html model.html
            """)
        {
            DemoCommand.Create(terminal),
            LowerCommand.Create(terminal),
            QuantizeCommand.Create(terminal),
            RunCommand.Create(terminal),
            CheckCommand.Create(terminal),
            InspectCommand.Create(terminal),
            GenerateCommand.Create(terminal),
            PluginsCommand.Create(terminal),
            BenchCommand.Create(terminal),
        };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                terminal.Error.MarkupLineInterpolated($"[red]{error.Message}[/]");
            }

            terminal.Error.MarkupLineInterpolated($"See 'tandem {parsed.CommandResult.Command.Name} --help'.");
            return ExitCode.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (TandemException error)
        {
            Print(terminal, error);
            return ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            terminal.Error.MarkupLine("cancelled");
            return ExitCode.Cancelled;
        }
    }

    private static void Print(Terminal terminal, TandemException error)
    {
        terminal.Error.MarkupLineInterpolated($"[red]TDM{(int)error.Code} {error.Code}[/]: {error.Problem}");
        foreach (var (label, value) in new[]
        {
            ("file", error.Details.File), ("at", error.Details.Location), ("expected", error.Details.Expected),
            ("found", error.Details.Found), ("next", error.Details.NextStep),
        })
        {
            if (value is not null)
            {
                terminal.Error.MarkupLineInterpolated($"  {label,-8} {value}");
            }
        }
    }
}
