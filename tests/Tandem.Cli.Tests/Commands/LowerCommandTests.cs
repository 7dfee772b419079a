using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Tandem.Cli.Tests.Commands;

/// <summary>The verb 'lower' as its user runs it, on the archive of the sample model.</summary>
public sealed class LowerCommandTests : IDisposable
{
    private static readonly string Archive = Repository.File("samples", "models", "tales", "tales.pt2");
    private readonly string _folder = Directory.CreateTempSubdirectory("tandem-lower-").FullName;

    [Fact]
    public async Task The_program_writes_the_tale_and_is_small_and_says_how_it_was_lowered()
    {
        var run = await Lower("--backend", "cpu");
        Assert.Equal((ExitCode.Success, true), (run.ExitCode, run.Error.Contains("preprocess XnnpackBackend", StringComparison.Ordinal)));
        Assert.Contains("without sharing", run.Output, StringComparison.Ordinal);
        // ExecuTorch's own program of this archive has 3.94 MB: it stores the tied embedding twice.
        Assert.InRange(new FileInfo(Program).Length, 3_500_000, 3_700_000);
        Assert.Equal([Program], Directory.GetFileSystemEntries(_folder));

        var tale = await CommandLineRun.Run("generate", Program, "--tokenizer", Repository.File("samples", "models", "tales", "tokenizer.json"),
            "--prompt", "Once upon a time there was a fox named", "--max-new", "30");
        Assert.StartsWith("Once upon a time there was a fox named Tom. The sun was shining.", tale.Output);

        var inspected = await CommandLineRun.Run("inspect", Program, "--explain");
        Assert.Contains("Nodes of decode", inspected.Output, StringComparison.Ordinal);
        Assert.Contains("XnnpackBackend, partition 0", inspected.Output, StringComparison.Ordinal);
        using var json = JsonDocument.Parse((await CommandLineRun.Run("inspect", Program, "--json")).Output);
        Assert.Equal(2, json.RootElement.GetProperty("lowering").GetProperty("methods").GetArrayLength());
        var page = Path.Combine(_folder, "page.html");
        Assert.Equal(ExitCode.Success, (await CommandLineRun.Run("inspect", Program, "--html", page)).ExitCode);
        Assert.Contains("Nodes of prefill", File.ReadAllText(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lowering_that_is_killed_leaves_the_old_program_or_the_whole_new_one()
    {
        await Lower("--backend", "cpu");
        var whole = File.ReadAllBytes(Program);
        byte[] old = [.. "an older program"u8];
        var time = await LowerInProcess(TimeSpan.FromMinutes(1));
        const int Kills = 8;
        for (var kill = 1; kill <= Kills; kill++)
        {
            File.WriteAllBytes(Program, old);
            await LowerInProcess(time * kill / Kills);
            var left = File.ReadAllBytes(Program);
            Assert.True(left.AsSpan().SequenceEqual(old) || left.AsSpan().SequenceEqual(whole), $"{left.Length} bytes after kill {kill}");
        }
    }

    [Fact]
    public async Task I3_T13_lowering_twice_gives_equal_bytes()
    {
        await Lower("--backend", "cpu", "--threads", "1");
        var first = File.ReadAllBytes(Program);
        await Lower("--backend", "tandem.cpu", "--threads", "2");
        Assert.Equal(first, File.ReadAllBytes(Program));
    }

    [Fact]
    public async Task Without_a_backend_explain_lists_every_node_as_the_hosts()
    {
        var run = await Lower("--explain", "--strip");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("Nodes of prefill", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("partition 0", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Lowered methods", (await CommandLineRun.Run("inspect", Program)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task R1_without_sharing_the_same_verb_writes_a_larger_program_with_the_same_tale()
    {
        await Lower("--backend", "cpu");
        var shared = new FileInfo(Program).Length;
        var run = await Lower("--backend", "cpu", "--no-sharing");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.True(new FileInfo(Program).Length > shared * 3 / 2);
        var tale = await CommandLineRun.Run("generate", Program, "--tokenizer", Repository.File("samples", "models", "tales", "tokenizer.json"),
            "--prompt", "Once upon a time there was a fox named", "--max-new", "30");
        Assert.StartsWith("Once upon a time there was a fox named Tom. The sun was shining.", tale.Output);
    }

    [Fact]
    public async Task A_configuration_orders_backends_and_puts_weights_outside()
    {
        var configuration = Path.Combine(_folder, "lower.json");
        File.WriteAllText(configuration, """{"Tandem":{"Lowering":{"ExternalData":"weights.ptd","Backends":{"Order":["tandem.cpu"],"Methods":{"decode":{"Deny":["tandem.cpu"]}}}}}}""");
        var run = await Lower("--config", configuration);
        Assert.Equal((ExitCode.Success, ""), (run.ExitCode, run.ExitCode == 0 ? "" : run.Error));
        Assert.Contains("partition  XnnpackBackend, prefill", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("partition  XnnpackBackend, decode", run.Error, StringComparison.Ordinal);
        Assert.InRange(new FileInfo(Path.Combine(_folder, "weights.ptd")).Length, 3_400_000, 3_700_000);
        var ran = await CommandLineRun.Run("run", Program, "--data", Path.Combine(_folder, "weights.ptd"), "-m", "decode", "--inputs", "[[0]]", "[0]");
        Assert.Equal((ExitCode.Success, ""), (ran.ExitCode, ran.ExitCode == 0 ? "" : ran.Error));
    }

    [Fact]
    public async Task A_pass_prints_what_it_left()
    {
        var run = await Lower("--dump-after", "decompose");
        Assert.Contains("# prefill after decompose", run.Output, StringComparison.Ordinal);
        run = await Lower("--dump-after", "absent");
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("decompose", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mistakes_have_exit_codes_and_leave_no_file()
    {
        Assert.Equal(ExitCode.Usage, (await CommandLineRun.Run("lower", Archive)).ExitCode);
        var unknown = await Lower("--backend", "acme");
        Assert.Equal(ExitCode.Failed, unknown.ExitCode);
        Assert.Contains("TDM5001", unknown.Error, StringComparison.Ordinal);
        var damaged = Path.Combine(_folder, "damaged.pt2");
        File.WriteAllText(damaged, "no archive");
        Assert.Equal(ExitCode.Failed, (await CommandLineRun.Run("lower", damaged, "-o", Program)).ExitCode);
        Assert.False(File.Exists(Program));
    }

    private string Program => Path.Combine(_folder, "tales.pte");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // The command as a process, which is killed when its time is over; how long it took.
    private async Task<TimeSpan> LowerInProcess(TimeSpan limit)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "tandem.dll"), "lower", Archive, "-o", Program, "--backend", "cpu"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        using var end = new CancellationTokenSource(limit);
        try
        {
            await Task.WhenAll(process.StandardOutput.ReadToEndAsync(end.Token), process.StandardError.ReadToEndAsync(end.Token), process.WaitForExitAsync(end.Token));
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        return clock.Elapsed;
    }

    private Task<CommandLineRun> Lower(params string[] arguments) => CommandLineRun.Run(["lower", Archive, "-o", Program, .. arguments]);
}
