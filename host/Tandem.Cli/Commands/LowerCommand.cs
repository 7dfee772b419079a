using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Spectre.Console;
using Tandem.Cli.Inspection;
using Tandem.Host;
using Tandem.Host.Lowering;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem lower</c>: from an archive of torch.export to a program.</summary>
internal static class LowerCommand
{
    /// <summary>Creates the verb.</summary>
    public static Command Create(Terminal terminal)
    {
        var archive = new Argument<string>("MODEL.pt2") { Description = "The archive that torch.export wrote." };
        var output = new Option<string>("--output", "-o") { Description = "The program to write (.pte).", Required = true };
        var backends = new Option<string[]>("--backend", "-b")
        {
            Description = "Backends that are asked, the preferred first: plugins ('cpu', 'tandem.cpu') or backend ids, separated by commas. Default: those of the configuration, or none.",
            DefaultValueFactory = _ => [],
        };
        var external = new Option<string?>("--external") { Description = "Write the weights to this data file (.ptd); a relative path begins at the program's folder." };
        var explain = new Option<bool>("--explain") { Description = "Print for every node who took it, who refused it and why." };
        var strip = new Option<bool>("--strip") { Description = "Leave out the record of who took which node and why." };
        var dumpAfter = new Option<string?>("--dump-after") { Description = "Print each method after this pass, or after 'all'." };
        var noSharing = new Option<bool>("--no-sharing") { Description = "Give each partition and each method its own copy of its weights." };
        var common = new CommonOptions();
        var command = new Command("lower", """
            Lowers an archive of torch.export to a program that runs here and in ExecuTorch's own runtime. All methods are partitioned before a
            backend is called, once, with all its partitions; what methods and partitions share is stored once. The program appears whole or not
            at all, and equal input gives equal bytes.

            Examples:
              tandem lower model.pt2 -o model.pte
              tandem lower model.pt2 -o model.pte --backend cpu --explain
              tandem lower model.pt2 -o model.pte --config lower.json --external weights.ptd
              tandem lower model.pt2 -o model.pte --dump-after decompose
            """) { archive, output, backends, external, explain, strip, dumpAfter, noSharing };
        common.AddTo(command, withData: false);
        command.SetAction((parsed, cancellation) =>
        {
            using var lowering = new Lowering(common, parsed, parsed.GetValue(backends)!);
            var options = lowering.Options;
            options.ExternalData = parsed.GetValue(external) ?? options.ExternalData;
            options.Strip |= parsed.GetValue(strip);
            options.ShareData &= !parsed.GetValue(noSharing);
            options.DumpAfter = parsed.GetValue(dumpAfter) ?? options.DumpAfter;
            options.Dump = (pass, method, text) =>
            {
                terminal.RawOutput.WriteLine($"# {method.Name} after {pass}");
                terminal.RawOutput.WriteLine(text);
            };
            var report = lowering.Create().LowerFile(parsed.GetValue(archive)!, parsed.GetValue(output)!, new Progress(terminal), cancellation);
            Print(terminal, report, parsed.GetValue(explain));
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    /// <summary>Prints what a lowering did.</summary>
    public static void Print(Terminal terminal, LoweringReport report, bool explain)
    {
        if (explain)
        {
            foreach (var table in LoweringTables.Nodes(report.Record))
            {
                TextReport.Print(terminal.Output, table);
            }
        }

        TextReport.Print(terminal.Output, LoweringTables.Methods(report.Record));
        TextReport.Print(terminal.Output, LoweringTables.Sizes(report));
        TextReport.Print(terminal.Output, new ReportTable("Time", ["stage", "ms"],
            [.. report.Times.Select(time => (IReadOnlyList<string>)[time.Stage.ToString().ToLowerInvariant(), time.Duration.TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture)])]));
    }

    /// <summary>The lowering that the configuration and a list of backends describe.</summary>
    internal sealed class Lowering : IDisposable
    {
        private readonly TandemRuntime _runtime;

        /// <summary>Reads the configuration.</summary>
        /// <param name="common">Options that verbs share.</param>
        /// <param name="parsed">The command line.</param>
        /// <param name="backends">Backends, the preferred first, separated by commas; none for those of the configuration.</param>
        public Lowering(CommonOptions common, ParseResult parsed, IEnumerable<string> backends)
        {
            var configuration = common.ReadConfiguration(parsed);
            configuration.GetSection("Tandem:Lowering").Bind(Options);
            List<string> order = [.. backends.SelectMany(item => item.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
            Options.Backends.Order = order.Count > 0 ? order : Options.Backends.Order;
            _runtime = common.CreateRuntime(parsed, configuration);
        }

        /// <summary>Its options.</summary>
        public LoweringOptions Options { get; } = new();

        /// <summary>Creates it with the options as they are.</summary>
        public ProgramLowering Create() => new(_runtime, Options);

        /// <inheritdoc/>
        public void Dispose() => _runtime.Dispose();
    }

    /// <summary>A line for each step.</summary>
    internal sealed class Progress(Terminal terminal) : IProgress<LoweringProgress>
    {
        private readonly Lock _lock = new();

        public void Report(LoweringProgress value)
        {
            lock (_lock)
            {
                terminal.Error.MarkupLineInterpolated(CultureInfo.InvariantCulture,
                    $"{value.Stage.ToString().ToLowerInvariant(),-10} {value.Subject}{(value.Step is null ? "" : $": {value.Step}, {value.Fraction * 100:0} %")}");
            }
        }
    }
}
