using System.Text.Json;
using Tandem.Host.TensorFiles;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Cli.Tests.Commands;

/// <summary>Each verb as its user runs it, on the sample model.</summary>
public sealed class CommandTests
{
    private const string Tale = "Once upon a time there was a fox named Tom. The sun was shining.";

    [Fact]
    public async Task GenerateWritesTheTale()
    {
        var run = await CommandLineRun.Run("generate", CommandLineRun.Model, "--prompt", "Once upon a time there was a fox named", "--max-new", "30", "--stats");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.StartsWith(Tale, run.Output);
        Assert.Contains("tokens/s", run.Error);
    }

    [Fact]
    public async Task GenerateWithASeedRepeatsItself()
    {
        string[] args = ["generate", CommandLineRun.Model, "--temperature", "0.9", "--top-p", "0.9", "--seed", "3", "--max-new", "20"];
        Assert.Equal((await CommandLineRun.Run(args)).Output, (await CommandLineRun.Run(args)).Output);
    }

    [Fact]
    public async Task DemoWritesATaleAndSaysWhoRanWhat()
    {
        var run = await CommandLineRun.Run("demo", "--model", Path.GetDirectoryName(CommandLineRun.Model)!);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains(Tale, run.Output);
        Assert.Contains("tandem.cpu", run.Output);
        Assert.Contains("0 after the first session", run.Output);
    }

    [Fact]
    public async Task RunWritesOutputsThatCheckAgreesWith()
    {
        var folder = Directory.CreateTempSubdirectory("tandem-cli-").FullName;
        try
        {
            var outputs = Path.Combine(folder, "out.safetensors");
            var run = await CommandLineRun.Run("run", CommandLineRun.Model, "-m", "prefill", "--inputs", "[[0,477,478]]", "[0,1,2]", "--outputs", outputs);
            Assert.Equal((ExitCode.Success, ""), (run.ExitCode, run.ExitCode == 0 ? "" : run.Error));
            var logits = SafetensorsFile.Read(outputs)["out.0"];
            Assert.Equal("float32 [1, 512]", logits.Layout.ToString());

            var tokens = new TensorData(new TensorLayout(ScalarType.Long, [1, 3]), Bytes(0, 477, 478));
            var positions = new TensorData(new TensorLayout(ScalarType.Long, [3]), Bytes(0, 1, 2));
            SafetensorsFile.Write(Path.Combine(folder, "io.safetensors"), [new("t", tokens), new("p", positions), new("y", logits)]);
            File.WriteAllText(Path.Combine(folder, "case.json"), """{"atol":0,"rtol":0,"calls":[{"method":"prefill","inputs":["t","p"],"outputs":["y"]}]}""");
            var check = await CommandLineRun.Run("check", "--model", CommandLineRun.Model, folder);
            Assert.Equal(ExitCode.Success, check.ExitCode);
            Assert.EndsWith("1 of 1 outputs agree", check.Output.TrimEnd());

            SafetensorsFile.Write(Path.Combine(folder, "io.safetensors"), [new("t", tokens), new("p", positions), new("y", logits with { Bytes = new byte[2048] })]);
            check = await CommandLineRun.Run("check", "--model", CommandLineRun.Model, folder);
            Assert.Equal(ExitCode.Disagreement, check.ExitCode);
            Assert.EndsWith("0 of 1 outputs agree", check.Output.TrimEnd());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task InspectShowsStateDelegatesAndSharing()
    {
        var run = await CommandLineRun.Run("inspect", CommandLineRun.Model, "--json");
        Assert.Equal(ExitCode.Success, run.ExitCode);
        using var json = JsonDocument.Parse(run.Output);
        var methods = json.RootElement.GetProperty("methods").EnumerateArray().ToList();
        Assert.Equal(["decode", "prefill"], methods.Select(method => method.GetProperty("name").GetString()));
        Assert.All(methods[0].GetProperty("state").EnumerateArray(), state => Assert.Equal("prefill", Assert.Single(state.GetProperty("sharedWith").EnumerateArray()).GetString()));
        Assert.All(methods[0].GetProperty("delegates").EnumerateArray(), item => Assert.NotEqual(0, item.GetProperty("payload").GetProperty("nodes").GetArrayLength()));
        Assert.Contains(json.RootElement.GetProperty("namedData").EnumerateArray(), data => data.GetProperty("users").GetArrayLength() == 2);
    }

    [Fact]
    public async Task InspectWritesAPage()
    {
        var page = Path.Combine(Path.GetTempPath(), $"tandem-{Guid.NewGuid():N}.html");
        var run = await CommandLineRun.Run("inspect", CommandLineRun.Model, "--html", page);
        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("FullyConnected", File.ReadAllText(page));
        File.Delete(page);
    }

    [Fact]
    public async Task PluginsShowsTheCpuPlugin()
    {
        var run = await CommandLineRun.Run("plugins", "--json");
        using var json = JsonDocument.Parse(run.Output);
        var plugin = Assert.Single(json.RootElement.GetProperty("plugins").EnumerateArray());
        Assert.Equal("tandem.cpu", plugin.GetProperty("id").GetString());
        Assert.True(plugin.GetProperty("isUsable").GetBoolean());
    }

    [Fact]
    public async Task BenchPrintsPercentilesAndNoAllocation()
    {
        var run = await CommandLineRun.Run("bench", CommandLineRun.Model, "-m", "decode", "--inputs", "[[5]]", "[0]", "--repeat", "50", "--json");
        using var json = JsonDocument.Parse(run.Output);
        Assert.Equal(0, json.RootElement.GetProperty("allocatedBytesPerCall").GetDouble());
        Assert.True(json.RootElement.GetProperty("p50Microseconds").GetDouble() <= json.RootElement.GetProperty("p99Microseconds").GetDouble());
    }

    [Fact]
    public async Task AMissingFileIsATypedErrorWithItsExitCode()
    {
        var run = await CommandLineRun.Run("run", "/nowhere/model.pte");
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("TDM1001", run.Error);
        Assert.Contains("/nowhere/model.pte", run.Error);
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("run")]
    [InlineData("bench", "model.pte", "--repeat", "many")]
    public async Task AWrongCommandLineIsSaidSo(params string[] args) => Assert.Equal(ExitCode.Usage, (await CommandLineRun.Run(args)).ExitCode);

    [Theory]
    [InlineData("demo")]
    [InlineData("run")]
    [InlineData("check")]
    [InlineData("inspect")]
    [InlineData("generate")]
    [InlineData("plugins")]
    [InlineData("bench")]
    public void EveryVerbHasHelpWithAnExample(string verb) =>
        Assert.Contains("Example", File.ReadAllText(Repository.File("host", "Tandem.Cli", "Commands", $"{char.ToUpperInvariant(verb[0])}{verb[1..]}Command.cs")));

    private static byte[] Bytes(params long[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
