using System.Text.Json;
using Tandem.Host.Import;
using Xunit;

namespace Tandem.Cli.Tests.Commands;

/// <summary>The verb 'quantize' as its user runs it, on the archive of the sample model.</summary>
public sealed class QuantizeCommandTests : IDisposable
{
    private static readonly string Archive = Repository.File("samples", "models", "tales", "tales.pt2");
    private readonly string _folder = Directory.CreateTempSubdirectory("tandem-quantize-").FullName;

    [Fact]
    public async Task An_archive_is_written_twice_with_equal_bytes_and_a_report()
    {
        var (output, report) = (InFolder("model.pt2"), InFolder("report.json"));
        var run = await CommandLineRun.Run("quantize", Archive, "-o", output, "--report", report);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("m.layers.0.attention.wq", run.Output, StringComparison.Ordinal);
        Assert.Contains("m.tok_embeddings: the float weight stays, also read by aten::embedding", run.Output, StringComparison.Ordinal);
        Assert.Contains("29 layers: 3.21 MB become 451.6 kB", run.Output, StringComparison.Ordinal);
        Assert.Contains("(29 of 29)", run.Error, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(File.ReadAllBytes(report));
        Assert.Equal(29, json.RootElement.GetProperty("layers").GetArrayLength());
        Assert.Equal("8da4w", json.RootElement.GetProperty("layers")[0].GetProperty("scheme").GetString());

        var first = File.ReadAllBytes(output);
        await CommandLineRun.Run("quantize", Archive, "-o", output, "--threads", "1");
        Assert.Equal(first, File.ReadAllBytes(output));
        Assert.Equal(2, ExportedProgramReader.FromMemory(first, output).Methods.Length);
        Assert.Equal([output, report], Directory.GetFileSystemEntries(_folder).Order());
    }

    [Fact]
    public async Task A_program_is_lowered_at_once_and_writes_the_tale()
    {
        var output = InFolder("model.pte");
        var run = await CommandLineRun.Run("quantize", Archive, "-o", output, "--scheme", "8da8w", "--exclude", "tok_embeddings");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("excluded by 'tok_embeddings'", run.Output, StringComparison.Ordinal);
        Assert.Contains("without sharing", run.Output, StringComparison.Ordinal);
        Assert.InRange(new FileInfo(output).Length, 1_000_000, 2_000_000);
        var tale = await CommandLineRun.Run("generate", output, "--tokenizer", Repository.File("samples", "models", "tales", "tokenizer.json"),
            "--prompt", "Once upon a time there was a fox named", "--max-new", "12");
        Assert.StartsWith("Once upon a time there was a fox named Tom.", tale.Output);
    }

    [Fact]
    public async Task The_command_line_is_checked_and_errors_have_their_codes()
    {
        Assert.Equal(ExitCode.Usage, (await CommandLineRun.Run("quantize", Archive)).ExitCode);
        Assert.Equal(ExitCode.Usage, (await CommandLineRun.Run("quantize", Archive, "-o", InFolder("model.onnx"))).ExitCode);
        Assert.Equal(ExitCode.Usage, (await CommandLineRun.Run("quantize", Archive, "-o", InFolder("model.pt2"), "--group", "48")).ExitCode);
        var pattern = await CommandLineRun.Run("quantize", Archive, "-o", InFolder("model.pt2"), "--include", "nothing");
        Assert.Equal(ExitCode.Failed, pattern.ExitCode);
        Assert.Contains("'nothing'", pattern.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, (await CommandLineRun.Run("quantize", Archive, "-o", InFolder("model.pt2"), "--layer", "wq")).ExitCode);
        Assert.Equal(ExitCode.Failed, (await CommandLineRun.Run("quantize", InFolder("none.pt2"), "-o", InFolder("model.pt2"))).ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
        var help = await CommandLineRun.Run("quantize", "--help");
        Assert.Equal(ExitCode.Success, help.ExitCode);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string InFolder(string name) => Path.Combine(_folder, name);
}
