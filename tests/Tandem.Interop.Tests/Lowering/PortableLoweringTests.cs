using System.Diagnostics;
using System.Text.Json;
using Tandem.Host;
using Tandem.Host.Formats;
using Tandem.Host.Generation;
using Tandem.Host.Import;
using Tandem.Host.Lowering;
using Tandem.Host.Lowering.Emission;
using Tandem.Host.Lowering.Passes;
using Tandem.Host.Replay;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Interop.Tests.Lowering;

/// <summary>Every archive, lowered here with no backend, gives eager PyTorch's outputs here.</summary>
public sealed class PortableLoweringTests
{
    [Fact]
    public void Every_operator_archive_lowers_and_agrees() => Check("ops", 338);

    [Fact]
    public void Every_net_lowers_and_agrees() => Check("models", 34);

    [Fact]
    public void Lowering_twice_gives_equal_programs()
    {
        foreach (var name in (ReadOnlySpan<string>)["lstm", "resnet_like", "transformer_dynamic", "three_methods"])
        {
            var path = SharedVectors.Path("models", name, "model.pt2");
            Assert.Equal(Lower(path), Lower(path));
        }
    }

    [Theory]
    [InlineData("tales.pt2", "eager", 3_700_000)]
    [InlineData("tales_8da4w.pt2", "eager_8da4w", 2_300_000)]
    public void The_tale_of_a_lowered_archive_is_eagers(string archive, string recorded, long mostBytes)
    {
        var folder = SharedVectors.Path("tales");
        var bytes = Lower(Path.Combine(folder, archive));
        Assert.InRange(bytes.LongLength, 1, mostBytes);
        using var runtime = new TandemRuntime();
        using var source = DataSource.FromMemory("lowered.pte", bytes);
        using var program = runtime.LoadProgram(source);
        using var session = program.CreateSession();
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "greedy.json")));
        int[] expected = [.. json.RootElement.GetProperty(recorded).GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        const int promptLength = 11;

        var written = new TokenGenerator(session).Generate(expected[..promptLength], new SamplingOptions(), expected.Length - promptLength, endId: 1);

        Assert.Equal(expected, expected[..promptLength].Concat(written));
    }

    private static void Check(string folder, int floor)
    {
        var problems = new List<string>();
        var (agreed, clock) = (0, Stopwatch.StartNew());
        var only = Environment.GetEnvironmentVariable("TANDEM_ONLY_CASE");
        foreach (var path in Directory.GetDirectories(SharedVectors.Path(folder)).Order(StringComparer.Ordinal))
        {
            if (only is not null && Path.GetFileName(path) != only)
            {
                continue;
            }

            if (Replay(path) is { } problem)
            {
                problems.Add($"{Path.GetFileName(path)}: {problem}");
            }
            else
            {
                agreed++;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{folder}: {agreed} agree, {problems.Count} do not, {clock.ElapsedMilliseconds} ms\n{string.Join('\n', problems)}");
        Assert.True(agreed >= floor, $"{agreed} of {floor}\n{string.Join('\n', problems)}");
    }

    private static string? Replay(string folder)
    {
        try
        {
            using var runtime = new TandemRuntime();
            var bytes = Lower(Path.Combine(folder, "model.pt2"));
            if (Environment.GetEnvironmentVariable("TANDEM_LOWERED_FOLDER") is { } target)
            {
                File.WriteAllBytes(Path.Combine(target, Path.GetFileName(folder) + ".pte"), bytes);
            }

            using var source = DataSource.FromMemory("lowered.pte", bytes);
            using var program = runtime.LoadProgram(source);
            using var session = program.CreateSession();
            var result = CaseReplayer.Replay(session, ReplayCase.Read(folder));
            return result.Problems.Count > 0 ? string.Join("; ", result.Problems) : result.OutputCount == 0 || result.AgreeingOutputs != result.OutputCount ? $"{result.AgreeingOutputs} of {result.OutputCount} outputs" : null;
        }
        catch (TandemException error)
        {
            return error.Message;
        }
        catch (Exception error)
        {
            return $"{error.GetType().Name}: {error.Message} {error.StackTrace?.Split('\n').FirstOrDefault()}";
        }
    }

    private static byte[] Lower(string path)
    {
        var exported = ExportedProgramReader.Read(path);
        var context = new PassContext { StateBuffers = MutatedBuffers.Find(exported) };
        var methods = exported.Methods.Select(method => LoweringPasses.Run(LoweringPasses.Run(method, LoweringPasses.ToEdge, context), LoweringPasses.AfterDelegation, context));
        var lowered = new LoweredProgram([.. methods.Select(method => new LoweredMethod(method, []))], new NamedDataStore());
        using var stream = new MemoryStream();
        ProgramWriter.Write(ProgramEmitter.Emit(lowered, EmissionOptions.Default), stream);
        return stream.ToArray();
    }
}
