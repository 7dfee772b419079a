using System.Collections.Concurrent;
using System.Diagnostics;
using Tandem.Host;
using Tandem.Host.Lowering;
using Tandem.Host.Replay;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Interop.Tests.Lowering;

/// <summary>
/// Every archive goes the whole road: lowered to a file with and without the CPU plugin, loaded, and its recorded calls replayed. Where
/// TANDEM_LOWERED_FOLDER names a folder, the programs stay there for tests/interop; TANDEM_CASES_FOLDER names cases that it made.
/// </summary>
public sealed class LoweredCaseTests
{
    private const string Portable = "portable";
    private const string Delegated = "cpu";

    [Theory]
    [InlineData("ops", Portable, 338)]
    [InlineData("ops", Delegated, 338)]
    [InlineData("models", Portable, 34)]
    [InlineData("models", Delegated, 34)]
    [InlineData("nets", Delegated, 40)]
    public void Every_archive_lowers_and_gives_the_recorded_outputs(string kind, string variant, int floor)
    {
        var folders = Directory.GetDirectories(Cases(kind)).Order(StringComparer.Ordinal).ToList();
        var target = Environment.GetEnvironmentVariable("TANDEM_LOWERED_FOLDER");
        var temporary = Directory.CreateTempSubdirectory("tandem-lowered-").FullName;
        try
        {
            using var runtime = CpuPlugin.CreateRuntime();
            var problems = new ConcurrentBag<string>();
            var clock = Stopwatch.StartNew();
            foreach (var folder in folders)
            {
                var name = Path.GetFileName(folder);
                var program = Path.Combine(target ?? temporary, kind, $"{name}.{variant}.pte");
                Directory.CreateDirectory(Path.GetDirectoryName(program)!);
                if (Replay(runtime, folder, program, variant) is { } problem)
                {
                    problems.Add($"{name}: {problem}");
                }
            }

            var agreed = folders.Count - problems.Count;
            TestContext.Current.TestOutputHelper?.WriteLine($"{kind} {variant}: {agreed} of {folders.Count} agree, {clock.ElapsedMilliseconds} ms\n{string.Join('\n', problems.Order())}");
            Assert.True(agreed >= floor, $"{agreed} of {floor} agree:\n{string.Join('\n', problems.Order())}");
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    // The quantised nets are made by tests/interop, which says where they are.
    private static string Cases(string kind)
    {
        if (kind != "nets")
        {
            return SharedVectors.Path(kind);
        }

        var cases = Environment.GetEnvironmentVariable("TANDEM_CASES_FOLDER");
        Assert.SkipWhen(cases is null, "TANDEM_CASES_FOLDER names no folder of cases that tests/interop made");
        return Path.Combine(cases!, kind);
    }

    private static string? Replay(TandemRuntime runtime, string folder, string path, string variant)
    {
        try
        {
            var options = new LoweringOptions();
            options.Backends.Order = variant == Delegated ? ["tandem.cpu"] : [];
            new ProgramLowering(runtime, options).LowerFile(Path.Combine(folder, "model.pt2"), path);
            using var program = runtime.LoadProgram(path);
            using var session = program.CreateSession();
            var result = CaseReplayer.Replay(session, ReplayCase.Read(folder));
            return result.Problems.Count > 0 ? string.Join("; ", result.Problems)
                : result.OutputCount == 0 || result.AgreeingOutputs != result.OutputCount ? $"{result.AgreeingOutputs} of {result.OutputCount} outputs" : null;
        }
        catch (TandemException error)
        {
            return error.Message;
        }
    }
}
