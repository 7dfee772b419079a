using System.CommandLine;
using Spectre.Console;
using Tandem.Host;
using Tandem.Host.Replay;
using Tandem.Sdk;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem check</c>: replays recorded cases and compares.</summary>
internal static class CheckCommand
{
    /// <summary>Creates the verb.</summary>
    public static Command Create(Terminal terminal)
    {
        var cases = new Argument<string[]>("CASE_DIR")
        {
            Description = "Folders with case.json and io.safetensors.",
            Arity = ArgumentArity.OneOrMore,
        };
        var program = new Option<string>("--program")
        {
            Description = "File of this name in each case folder. Folders that lack it are left out.",
            DefaultValueFactory = _ => "portable.pte",
        };
        var model = new Option<string?>("--model") { Description = "One program for all case folders." };
        var common = new CommonOptions();
        var command = new Command("check", """
            Replays recorded calls in order on one session and compares every output within the case's tolerance (docs/replay.md).
            The last line is 'N of M outputs agree'; the exit code is 1 if any does not.

            Examples:
              tandem check --program portable.pte cases/*
              tandem check --model model.pte --data weights.ptd case
            """) { cases, program, model };
        common.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(terminal, common.CreateRuntime(parsed), parsed.GetValue(cases)!,
            parsed.GetValue(program)!, parsed.GetValue(model), parsed.GetValue(common.Data)!, cancellation)));
        return command;
    }

    private static int Run(
        Terminal terminal, TandemRuntime runtime, string[] folders, string programName, string? model, string[] data, CancellationToken cancellation)
    {
        using var owned = runtime;
        var (agreeing, outputs, absent) = (0, 0, 0);
        foreach (var folder in folders)
        {
            cancellation.ThrowIfCancellationRequested();
            var path = model ?? Path.Combine(folder, programName);
            if (model is null && !File.Exists(path))
            {
                absent++;
                continue;
            }

            var result = Replay(runtime, folder, path, data, cancellation);
            agreeing += result.AgreeingOutputs;
            outputs += result.OutputCount;
            var verdict = result.Problems.Count == 0 ? "[green]ok[/]  " : "[red]FAIL[/]";
            terminal.Output.MarkupLine($"{verdict} {Markup.Escape(result.Name)}: {result.AgreeingOutputs} of {result.OutputCount} outputs agree");
            foreach (var problem in result.Problems)
            {
                terminal.Output.MarkupLineInterpolated($"       {problem}");
            }
        }

        if (absent > 0)
        {
            terminal.Output.MarkupLineInterpolated($"{absent} of {folders.Length} folders have no {programName} and were left out");
        }

        if (outputs == 0)
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "no case was run", new ErrorDetails
            {
                Expected = $"folders that hold case.json, io.safetensors and {programName}",
                Found = $"{folders.Length} folders without it",
                NextStep = "name the program with --program or --model",
            });
        }

        terminal.Output.MarkupLineInterpolated($"{agreeing} of {outputs} outputs agree");
        return agreeing == outputs ? ExitCode.Success : ExitCode.Disagreement;
    }

    private static CaseResult Replay(TandemRuntime runtime, string folder, string path, string[] data, CancellationToken cancellation)
    {
        var recorded = ReplayCase.Read(folder);
        try
        {
            using var program = runtime.LoadProgram(path, [.. data.Select(file => Resolve(folder, file))]);
            using var session = program.CreateSession();
            return CaseReplayer.Replay(session, recorded, cancellation);
        }
        catch (TandemException error)
        {
            return new CaseResult(recorded.Name, recorded.Calls.Sum(call => call.Outputs.Count), 0, [error.Message]);
        }
    }

    private static string Resolve(string folder, string file) =>
        File.Exists(Path.Combine(folder, file)) ? Path.Combine(folder, file) : file;
}
