using Tandem.Host.Replay;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Interop.Tests.Models;

/// <summary>Every recorded model, lowered to XNNPACK by ExecuTorch: floats and dynamically quantised payloads run, others are refused by name.</summary>
public sealed class XnnpackModelTests
{
    private static readonly string[] Quantised = ["static_int8", "bf16"];

    public static TheoryData<string, string> Programs { get; } = Find();

    [Theory]
    [MemberData(nameof(Programs))]
    public void FloatProgramsAgreeAndQuantisedOnesAreRefusedByName(string name, string file)
    {
        Assert.SkipWhen(SharedVectors.Folder is null, "the folder of recorded cases, shared/vectors beside the repository, is absent");
        var folder = Path.Combine(SharedVectors.Folder!, "models", name);
        var data = file.Contains("external", StringComparison.Ordinal) ? new[] { Path.Combine(folder, "weights.ptd") } : [];
        using var runtime = CpuPlugin.CreateRuntime();
        using var program = runtime.LoadProgram(Path.Combine(folder, file), data);
        using var session = program.CreateSession();
        var hasDelegates = program.Model.Plans.Any(plan => plan.Delegates.Length > 0);
        if (hasDelegates && Quantised.Any(word => name.Contains(word, StringComparison.Ordinal)) && name != "mlp_bf16")
        {
            var error = Assert.Throws<TandemException>(() => session.GetMethod(program.MethodNames[0]));
            Assert.Equal(ErrorCode.PayloadNotSupported, error.Code);
            Assert.Matches("qint8|qdint8|qbint4|qcint8", error.Details.Found ?? "");
            return;
        }

        var result = CaseReplayer.Replay(session, ReplayCase.Read(folder));
        Assert.True(result.Problems.Count == 0, string.Join('\n', result.Problems));
    }

    private static TheoryData<string, string> Find()
    {
        if (SharedVectors.Folder is null)
        {
            return new TheoryData<string, string> { { "absent", "absent" } };
        }

        var data = new TheoryData<string, string>();
        foreach (var path in Directory.GetFiles(Path.Combine(SharedVectors.Folder, "models"), "xnnpack*.pte", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            data.Add(Path.GetFileName(Path.GetDirectoryName(path)!), Path.GetFileName(path));
        }

        return data;
    }
}
