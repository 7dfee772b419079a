using Tandem.Host;
using Tandem.Host.Replay;
using Xunit;

namespace Tandem.Interop.Tests.Kernels;

/// <summary>Every recorded model, lowered without a delegate, gives the recorded outputs.</summary>
public sealed class ModelCaseTests
{
    public static TheoryData<string> Cases { get; } = [.. Names()];

    [Theory]
    [MemberData(nameof(Cases))]
    public void PortableProgramsAgree(string name)
    {
        Assert.SkipWhen(SharedVectors.Folder is null, "the folder of recorded cases, shared/vectors beside the repository, is absent");
        var folder = Path.Combine(SharedVectors.Folder!, "models", name);
        Assert.SkipWhen(!File.Exists(Path.Combine(folder, "portable.pte")), "this model has no program without delegates");
        using var runtime = new TandemRuntime();
        using var program = runtime.LoadProgram(Path.Combine(folder, "portable.pte"));
        using var session = program.CreateSession();
        var result = CaseReplayer.Replay(session, ReplayCase.Read(folder));
        Assert.True(result.Problems.Count == 0, string.Join('\n', result.Problems));
        Assert.True(result.OutputCount > 0 && result.AgreeingOutputs == result.OutputCount);
    }

    private static IEnumerable<string> Names() => SharedVectors.Folder is null ? ["absent"]
        : Directory.GetDirectories(Path.Combine(SharedVectors.Folder, "models")).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal);
}
