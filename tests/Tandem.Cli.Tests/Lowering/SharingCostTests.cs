using System.Diagnostics;
using Tandem.Host;
using Tandem.Host.Execution;
using Tandem.Host.Lowering;
using Xunit;

namespace Tandem.Cli.Tests.Lowering;

/// <summary>What sharing costs at run time: three ratios of the sample model lowered with and without it.</summary>
public sealed class SharingCostTests : IDisposable
{
    private const int Rounds = 15;
    private readonly string _folder = Directory.CreateTempSubdirectory("tandem-sharing-").FullName;
    private readonly TandemRuntime _runtime = new(new TandemOptions { Threads = 1, PluginFolders = [Path.Combine(AppContext.BaseDirectory, "plugins")] });

    [Fact]
    public void R6_load_time_latency_and_size_with_sharing_are_not_worse_than_without()
    {
        var (on, off) = (Lower(isShared: true), Lower(isShared: false));
        Measure(on);
        Measure(off);
        var (loadOn, loadOff, stepOn, stepOff) = (double.MaxValue, double.MaxValue, double.MaxValue, double.MaxValue);
        for (var i = 0; i < Rounds; i++)
        {
            // In turn, so that what else the machine does meets both.
            var (a, b) = (Measure(on), Measure(off));
            (loadOn, stepOn) = (Math.Min(loadOn, a.Load), Math.Min(stepOn, a.Step));
            (loadOff, stepOff) = (Math.Min(loadOff, b.Load), Math.Min(stepOff, b.Step));
        }

        var size = (double)new FileInfo(on).Length / new FileInfo(off).Length;
        var ratios = FormattableString.Invariant($"size {size:0.00}x, load {loadOn / loadOff:0.00}x, step {stepOn / stepOff:0.00}x of what they are without sharing");
        TestContext.Current.TestOutputHelper?.WriteLine(ratios);
        Assert.True(size < 0.6 && loadOn < loadOff * 1.15 && stepOn < stepOff * 1.15, ratios);
    }

    public void Dispose()
    {
        _runtime.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Lower(bool isShared)
    {
        var path = Path.Combine(_folder, isShared ? "shared.pte" : "apart.pte");
        new ProgramLowering(_runtime, new LoweringOptions { ShareData = isShared, Backends = { Order = ["tandem.cpu"] } })
            .LowerFile(Repository.File("samples", "models", "tales", "tales.pt2"), path);
        return path;
    }

    private (double Load, double Step) Measure(string path)
    {
        var clock = Stopwatch.StartNew();
        using var program = _runtime.LoadProgram(path);
        using var session = program.CreateSession();
        _ = session.GetMethod("prefill");
        var decode = session.GetMethod("decode");
        var load = clock.Elapsed.TotalMilliseconds;
        var step = double.MaxValue;
        for (var i = 0; i < 10; i++)
        {
            decode.SetInput<long>(0, [5], [1, 1]);
            decode.SetInput<long>(1, [i], [1]);
            clock.Restart();
            decode.Execute();
            step = Math.Min(step, clock.Elapsed.TotalMilliseconds);
        }

        return (load, step);
    }
}
