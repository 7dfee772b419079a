using Tandem.Host;
using Tandem.Host.Replay;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Interop.Tests.Execution;

/// <summary>Methods of programs that ExecuTorch lowered hand their mutable buffers to each other.</summary>
public sealed class SharedStateTests
{
    private static string File(string name)
    {
        Assert.SkipWhen(SharedVectors.Folder is null, "the folder of recorded cases, shared/vectors beside the repository, is absent");
        return Path.Combine(SharedVectors.Folder!, name);
    }

    [Theory]
    [InlineData("tales/portable.pte", null)]
    [InlineData("tales/portable_ptd.pte", "tales/_default_external_constant.ptd")]
    public void PrefillAndDecodeHaveOneCache(string file, string? data)
    {
        using var runtime = new TandemRuntime();
        using var program = runtime.LoadProgram(File(file), data is null ? [] : [File(data)]);
        Assert.Empty(program.Warnings);
        Assert.Equal(8, program.MemoryPlan.State.Count);
        Assert.All(program.MemoryPlan.State, region =>
        {
            Assert.Matches(@"^m\.layers\.[0-3]\.attention\.[kv]_cache$", region.Name);
            Assert.Equal(["decode", "prefill"], region.Methods.Order());
        });
        Assert.Equal(8 * 65536, program.MemoryPlan.StateBytes);
    }

    [Fact]
    public void MissingDataFilesAreNamedByTheirKey()
    {
        using var runtime = new TandemRuntime();
        using var program = runtime.LoadProgram(File("tales/portable_ptd.pte"));
        using var session = program.CreateSession();
        var error = Assert.Throws<TandemException>(() => session.GetMethod("decode"));
        Assert.Equal(ErrorCode.NamedDataNotFound, error.Code);
        Assert.Contains("no data file", error.Message);
    }

    [Theory]
    [InlineData("running_mean_two_methods")]
    [InlineData("three_methods")]
    public void RecordedCallsInOrderAgree(string name)
    {
        var folder = File($"models/{name}");
        using var runtime = new TandemRuntime();
        using var program = runtime.LoadProgram(Path.Combine(folder, "portable.pte"));
        for (var i = 0; i < 2; i++)
        {
            using var session = program.CreateSession();
            var result = CaseReplayer.Replay(session, ReplayCase.Read(folder));
            Assert.True(result.Problems.Count == 0, string.Join('\n', result.Problems));
            Assert.True(result.OutputCount > 0 && result.AgreeingOutputs == result.OutputCount);
        }
    }
}
