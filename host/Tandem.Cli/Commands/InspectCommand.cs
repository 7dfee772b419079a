using System.CommandLine;
using Spectre.Console;
using Tandem.Cli.Inspection;
using Tandem.Host.Formats;
using Tandem.Host;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem inspect</c>: shows what is inside a program.</summary>
internal static class InspectCommand
{
    /// <summary>Creates the verb.</summary>
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("MODEL.pte") { Description = "The program." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var html = new Option<string?>("--html") { Description = "Write a self-contained page to this file." };
        var details = new Option<bool>("--details") { Description = "Print every instruction and every node of each payload." };
        var explain = new Option<bool>("--explain") { Description = "Print for every node who took it when the program was lowered, who refused it and why." };
        var common = new CommonOptions();
        var command = new Command("inspect", """
            Shows header, methods, inputs and outputs, instructions, operators, delegates with their payload's nodes, segments, named data with
            who shares what, planned memory, which plugin serves each delegate and why, and what 'tandem lower' did. Nothing is executed.

            Examples:
              tandem inspect model.pte
              tandem inspect model.pte --data weights.ptd --html model.html
              tandem inspect model.pte --json
            """) { model, json, html, details, explain };
        common.AddTo(command);
        command.SetAction(parsed =>
        {
            using var runtime = common.CreateRuntime(parsed);
            var report = runtime.Inspect(parsed.GetValue(model)!, parsed.GetValue(common.Data)!);
            if (parsed.GetValue(html) is { } path)
            {
                TargetFile.WriteText(path, HtmlReport.Render(report));
                terminal.Error.WriteLine($"wrote {path}");
            }

            if (parsed.GetValue(json))
            {
                terminal.RawOutput.WriteLine(JsonReport.Render(report));
            }
            else if (parsed.GetValue(html) is null)
            {
                TextReport.Print(terminal.Output, report, parsed.GetValue(details), parsed.GetValue(explain));
            }

            return ExitCode.Success;
        });
        return command;
    }
}
