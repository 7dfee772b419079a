using System.Text.Json;
using Tandem.Host.Generation;
using Xunit;

namespace Tandem.Interop.Tests.Models;

/// <summary>The sample language model writes exactly the tokens that eager PyTorch writes, or, quantised, those that ExecuTorch writes.</summary>
public sealed class TalesTests
{
    [Theory]
    [InlineData("portable.pte", null, "eager")]
    [InlineData("portable_ptd.pte", "_default_external_constant.ptd", "eager")]
    [InlineData("xnnpack_fp32.pte", null, "eager")]
    [InlineData("xnnpack_8da4w.pte", null, "xnnpack_8da4w")]
    public void TheGreedyTaleIsTheRecordedOne(string file, string? data, string run)
    {
        Assert.SkipWhen(SharedVectors.Folder is null, "the folder of recorded cases, shared/vectors beside the repository, is absent");
        var folder = Path.Combine(SharedVectors.Folder!, "tales");
        using var runtime = CpuPlugin.CreateRuntime();
        using var program = runtime.LoadProgram(Path.Combine(folder, file), data is null ? [] : [Path.Combine(folder, data)]);
        using var session = program.CreateSession();
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "greedy.json")));
        int[] expected = [.. json.RootElement.GetProperty(run).GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        const int promptLength = 11;

        var written = new TokenGenerator(session).Generate(expected[..promptLength], new SamplingOptions(), expected.Length - promptLength, endId: 1);

        Assert.Equal(expected, expected[..promptLength].Concat(written));
    }

    [Fact]
    public void PortablePtdPlansItsCacheForBothMethodsAtOnePlace()
    {
        Assert.SkipWhen(SharedVectors.Folder is null, "the folder of recorded cases, shared/vectors beside the repository, is absent");
        var folder = Path.Combine(SharedVectors.Folder!, "tales");
        using var runtime = CpuPlugin.CreateRuntime();
        using var program = runtime.LoadProgram(Path.Combine(folder, "portable_ptd.pte"), Path.Combine(folder, "_default_external_constant.ptd"));
        Assert.Empty(program.Warnings);
        Assert.All(program.Inspect().Methods, method =>
        {
            Assert.Equal(8, method.State.Count);
            Assert.All(method.State, state => Assert.Single(state.SharedWith));
        });
    }

    [Fact]
    public void G5_OnePhysicalLoadForEachBlobOverBothMethodsAndEightSessions()
    {
        Assert.SkipWhen(SharedVectors.Folder is null, "the folder of recorded cases, shared/vectors beside the repository, is absent");
        using var runtime = CpuPlugin.CreateRuntime();
        using var program = runtime.LoadProgram(Path.Combine(SharedVectors.Folder!, "tales", "xnnpack_fp32.pte"));
        using var first = program.CreateSession();
        _ = new TokenGenerator(first).Generate([0, 1, 2], new SamplingOptions(), 2, null).Count();
        var afterFirst = program.NamedDataUses;
        for (var i = 0; i < 7; i++)
        {
            using var session = program.CreateSession();
            _ = new TokenGenerator(session).Generate([0, 1, 2], new SamplingOptions(), 2, null).Count();
        }

        // Tests that run beside this one may have the same weights loaded already: then this program loads none of them.
        Assert.NotEmpty(afterFirst);
        Assert.All(afterFirst, use => Assert.InRange(use.PhysicalLoads, 0, 1));
        Assert.All(afterFirst, use => Assert.True(use.Requests > 0, use.Key));
        Assert.Equal(afterFirst.Select(use => use.PhysicalLoads), program.NamedDataUses.Select(use => use.PhysicalLoads));
    }
}
