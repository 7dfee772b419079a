// Lowers the archive of the sample model with the CPU plugin, says what sharing saved, runs a step of the result, and does the same with int4 weights.
using Tandem.Host;
using Tandem.Host.Export;
using Tandem.Host.Import;
using Tandem.Host.Lowering;
using Tandem.Host.Quantization;

var folder = AppContext.BaseDirectory;
var archive = Path.Combine(folder, "models", "tales", "tales.pt2");
var output = Path.Combine(Path.GetTempPath(), "tales.pte");
using var runtime = new TandemRuntime(new TandemOptions { PluginFolders = [Path.Combine(folder, "plugins")] });

var options = new LoweringOptions { Backends = { Order = ["tandem.cpu"] } };
var report = new ProgramLowering(runtime, options).LowerFile(archive, output);

foreach (var method in report.Record.Methods)
{
    Console.WriteLine($"{method.Name}: {method.Nodes.Count(node => node.Partition >= 0)} of {method.Nodes.Count} nodes in {method.Partitions.Count} partitions");
}

Console.WriteLine($"{report.Files[0].ByteCount} bytes; sharing saved {report.Sizes.SharedBytes}");

using var program = runtime.LoadProgram(output);
using var session = program.CreateSession();
var prefill = session.GetMethod("prefill");
prefill.SetInput<long>(0, [0, 477, 478, 258], [1, 4]);
prefill.SetInput<long>(1, [0, 1, 2, 3], [4]);
prefill.Execute();
Console.WriteLine($"{prefill.GetOutput(0).ElementCount} logits");

var quantization = new QuantizationOptions { GroupSize = 64, Exclude = ["tok_embeddings"], Rules = [QuantizationRule.Parse("layers.*.wo=8da8w")] };
var quantized = ProgramQuantizer.Quantize(ExportedProgramReader.Read(archive), quantization);
ExportedProgramWriter.Write(quantized.Program, Path.ChangeExtension(output, ".pt2"));
Console.WriteLine($"{quantized.Report.Layers.Count} layers, {quantized.Report.BytesBefore} bytes become {quantized.Report.BytesAfter}");
