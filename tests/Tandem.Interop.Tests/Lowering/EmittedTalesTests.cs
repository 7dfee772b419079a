using System.Diagnostics;
using System.Text.Json;
using Tandem.Host;
using Tandem.Host.Formats;
using Tandem.Host.Generation;
using Xunit;

namespace Tandem.Interop.Tests.Lowering;

/// <summary>The sample language model, emitted without a backend: two methods over one cache.</summary>
public sealed class EmittedTalesTests(ITestOutputHelper output)
{
    [Fact]
    public void The_greedy_tale_is_eagers_and_a_step_writes_one_row_of_the_cache()
    {
        var folder = SharedVectors.Path("tales");
        var watch = Stopwatch.StartNew();
        var image = EmittedCase.Emit(folder, "tales.pt2");
        var bytes = EmittedCase.Bytes(image);
        output.WriteLine($"{watch.ElapsedMilliseconds} ms from archive to bytes, {bytes.Length:n0} bytes");
        using var source = DataSource.FromFile(Path.Combine(folder, "portable.pte"));
        var theirs = ProgramReader.Read(source);
        foreach (var plan in image.Plans.Select(plan => plan.Plan))
        {
            var other = theirs.Plans.Single(item => item.Name == plan.Name).PlannedBufferSizes;
            output.WriteLine($"{plan.Name}: [{string.Join(", ", plan.PlannedBufferSizes)}] for [{string.Join(", ", other)}]");
            Assert.DoesNotContain("aten::copy_", plan.Operators);
            Assert.DoesNotContain("aten::index_put.out", plan.Operators);
            Assert.True(plan.PlannedBufferSizes.Sum() < other.Sum());
        }

        Assert.True(bytes.Length < new FileInfo(Path.Combine(folder, "portable.pte")).Length);
        using var runtime = new TandemRuntime();
        using var program = runtime.LoadProgram(DataSource.FromMemory("tales", bytes));
        Assert.Empty(program.Warnings);
        using var session = program.CreateSession();
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "greedy.json")));
        int[] expected = [.. json.RootElement.GetProperty("eager").GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        const int promptLength = 11;
        var written = new TokenGenerator(session).Generate(expected[..promptLength], new SamplingOptions(), expected.Length - promptLength, endId: 1);
        Assert.Equal(expected, expected[..promptLength].Concat(written));
        if (Environment.GetEnvironmentVariable("TANDEM_KEEP_EMITTED") is { Length: > 0 } keep)
        {
            File.WriteAllBytes(Path.Combine(keep, "tales.pte"), bytes);
        }
    }
}
