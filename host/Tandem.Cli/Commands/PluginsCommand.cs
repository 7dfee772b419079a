using System.CommandLine;
using Spectre.Console;
using Tandem.Cli.Inspection;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem plugins</c>: shows every plugin that was found, usable or not, and why.</summary>
internal static class PluginsCommand
{
    /// <summary>Creates the verb.</summary>
    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var common = new CommonOptions();
        var command = new Command("plugins", """
            Shows every plugin folder that was found, usable or not, and why; and which plugin serves each backend id.

            Examples:
              tandem plugins
              tandem plugins --plugins /opt/vendor/plugins --json
            """) { json };
        common.AddTo(command, withData: false);
        command.SetAction(parsed =>
        {
            using var runtime = common.CreateRuntime(parsed);
            var report = runtime.GetPluginReport();
            if (parsed.GetValue(json))
            {
                terminal.RawOutput.WriteLine(JsonReport.Render(report));
                return ExitCode.Success;
            }

            TextReport.Print(terminal.Output, PluginTables.Plugins(report));
            TextReport.Print(terminal.Output, PluginTables.Backends(report));
            return ExitCode.Success;
        });
        return command;
    }
}
