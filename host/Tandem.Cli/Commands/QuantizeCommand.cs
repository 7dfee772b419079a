using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Spectre.Console;
using Tandem.Cli.Inspection;
using Tandem.Host.Export;
using Tandem.Host.Formats;
using Tandem.Host.Import;
using Tandem.Host.Lowering;
using Tandem.Host.Quantization;
using Tandem.Sdk;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem quantize</c>: from a float archive of torch.export to a quantised archive or program.</summary>
internal static class QuantizeCommand
{
    /// <summary>Creates the verb.</summary>
    public static Command Create(Terminal terminal)
    {
        var archive = new Argument<string>("MODEL.pt2") { Description = "The float archive that torch.export wrote." };
        var output = new Option<string>("--output", "-o") { Description = "What to write: an archive (.pt2), or a program (.pte), which is lowered as 'tandem lower' does.", Required = true };
        var scheme = new Option<string>("--scheme") { Description = "8da4w: int4 weights in groups; 8da8w: int8 weights, one scale a row. Both with int8 activations.", DefaultValueFactory = _ => "8da4w" };
        scheme.AcceptOnlyFromAmong("8da4w", "8da8w");
        var group = new Option<string>("--group") { Description = "Inputs that share a scale, for int4 weights.", DefaultValueFactory = _ => "32" };
        group.AcceptOnlyFromAmong("32", "64", "128", "channel");
        var clip = new Option<string>("--clip") { Description = "search: the scale of least squared error, which may clip; none: from the greatest magnitude.", DefaultValueFactory = _ => "search" };
        clip.AcceptOnlyFromAmong("search", "none");
        var indivisible = new Option<string>("--indivisible")
        {
            Description = "Layers whose inputs are no multiple of the group: float leaves them as they are, channel gives them one scale a row.",
            DefaultValueFactory = _ => "float",
        };
        indivisible.AcceptOnlyFromAmong("float", "channel");
        var include = Patterns("--include", "Quantise only layers whose names match ('layers.*', 'w?'); may be given several times.");
        var exclude = Patterns("--exclude", "Leave layers whose names match as they are; may be given several times.");
        var layer = Patterns("--layer", "A scheme for layers whose names match: 'PATTERN=8da8w' or 'PATTERN=8da4w:64'; the first that matches counts.");
        var report = new Option<string?>("--report") { Description = "Write the report to this file (JSON)." };
        var backends = new Option<string[]>("--backend", "-b") { Description = "Backends for a .pte, as for 'tandem lower'.", DefaultValueFactory = _ => [] };
        var common = new CommonOptions();
        var command = new Command("quantize", """
            Quantises the linear layers of a float archive, without Python: weights ahead of time, activations while the program runs. The result holds
            the nodes that torchao writes, so that any lowering takes it. Embeddings stay float. Equal input gives equal bytes.

            Examples:
              tandem quantize model.pt2 -o model_8da4w.pt2
              tandem quantize model.pt2 -o model.pte --backend cpu
              tandem quantize model.pt2 -o model.pte --scheme 8da8w --exclude output --report report.json
              tandem quantize model.pt2 -o model.pt2 --group 64 --layer 'layers.*.wo=8da8w' --layer 'output=8da4w:32'
            """) { archive, output, scheme, group, clip, indivisible, include, exclude, layer, report, backends };
        common.AddTo(command, withData: false);
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(output) is { } path && !IsArchive(path) && !IsProgram(path))
            {
                parsed.AddError($"The output '{path}' ends neither in .pt2 nor in .pte.");
            }
        });
        command.SetAction((parsed, cancellation) =>
        {
            var (source, target) = (parsed.GetValue(archive)!, parsed.GetValue(output)!);
            var options = new QuantizationOptions
            {
                Scheme = parsed.GetValue(scheme) == "8da8w" ? QuantizationScheme.Int8DynamicActivationInt8Weight : QuantizationScheme.Int8DynamicActivationInt4Weight,
                GroupSize = parsed.GetValue(group) is "channel" ? 0 : int.Parse(parsed.GetValue(group)!, CultureInfo.InvariantCulture),
                Clipping = parsed.GetValue(clip) == "none" ? WeightClipping.None : WeightClipping.Search,
                IndivisibleGroups = parsed.GetValue(indivisible) == "channel" ? IndivisibleGroups.PerChannel : IndivisibleGroups.LeaveFloat,
                Include = parsed.GetValue(include)!,
                Exclude = parsed.GetValue(exclude)!,
                Rules = [.. parsed.GetValue(layer)!.Select(QuantizationRule.Parse)],
                Threads = parsed.GetValue(common.Threads) ?? 0,
            };
            var program = ExportedProgramReader.Read(source, cancellation);
            var result = ProgramQuantizer.Quantize(program, options, new Progress(terminal), cancellation);
            LoweringReport? lowered = null;
            if (IsProgram(target))
            {
                using var lowering = new LowerCommand.Lowering(common, parsed, parsed.GetValue(backends)!);
                lowered = lowering.Create().Lower(result.Program, target, new LowerCommand.Progress(terminal), cancellation);
            }
            else
            {
                ExportedProgramWriter.Write(result.Program, target, cancellation);
            }

            if (parsed.GetValue(report) is { } file)
            {
                TargetFile.Write(file, result.Report.WriteJson);
            }

            Print(terminal, result.Report);
            if (lowered is not null)
            {
                LowerCommand.Print(terminal, lowered, explain: false);
            }

            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static Option<string[]> Patterns(string name, string description) => new(name) { Description = description, DefaultValueFactory = _ => [] };

    private static bool IsArchive(string path) => path.EndsWith(".pt2", StringComparison.OrdinalIgnoreCase);

    private static bool IsProgram(string path) => path.EndsWith(".pte", StringComparison.OrdinalIgnoreCase);

    private static void Print(Terminal terminal, QuantizationReport report)
    {
        TextReport.Print(terminal.Output, QuantizationTables.Layers(report));
        if (report.FloatLayers.Count > 0)
        {
            TextReport.Print(terminal.Output, QuantizationTables.FloatLayers(report));
        }

        foreach (var layer in report.Layers.Where(layer => layer.FloatStays is not null))
        {
            terminal.Output.MarkupLineInterpolated($"{layer.Name}: the float weight stays, {layer.FloatStays}");
        }

        terminal.Output.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"{report.Layers.Count} layers: {Sizes.Format(report.BytesBefore)} become {Sizes.Format(report.BytesAfter)} in {report.Duration.TotalSeconds:0.00} s");
    }

    private sealed class Progress(Terminal terminal) : IProgress<QuantizationProgress>
    {
        public void Report(QuantizationProgress value) =>
            terminal.Error.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{"quantize",-10} {value.Layer} ({value.Done} of {value.Total})");
    }
}
