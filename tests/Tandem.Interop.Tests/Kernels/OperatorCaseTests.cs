using Tandem.Host;
using Tandem.Host.Replay;
using Xunit;

namespace Tandem.Interop.Tests.Kernels;

/// <summary>Every recorded operator case, lowered without a delegate, gives eager PyTorch's outputs.</summary>
public sealed class OperatorCaseTests
{
    public static TheoryData<string> Cases { get; } = [.. Names()];

    [Theory]
    [MemberData(nameof(Cases))]
    public void OutputsAreThoseOfEager(string name)
    {
        Assert.SkipWhen(SharedVectors.Folder is null, "the folder of recorded cases, shared/vectors beside the repository, is absent");
        var folder = Path.Combine(SharedVectors.Folder!, "ops", name);
        Assert.SkipWhen(!File.Exists(Path.Combine(folder, "portable.pte")), "ExecuTorch could not lower this case: it has no program");
        using var runtime = new TandemRuntime();
        using var program = runtime.LoadProgram(Path.Combine(folder, "portable.pte"));
        using var session = program.CreateSession();
        var result = CaseReplayer.Replay(session, ReplayCase.Read(folder));
        Assert.True(result.Problems.Count == 0, string.Join('\n', result.Problems));
        Assert.True(result.OutputCount > 0 && result.AgreeingOutputs == result.OutputCount);
    }

    private static IEnumerable<string> Names() => SharedVectors.Folder is null ? ["absent"]
        : Directory.GetDirectories(Path.Combine(SharedVectors.Folder, "ops")).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal);
}
