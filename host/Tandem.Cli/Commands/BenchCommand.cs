using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Tandem.Cli.Inputs;
using Tandem.Cli.Inspection;
using Tandem.Host.Execution;
using Tandem.Host.Replay;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem bench</c>: times one method.</summary>
internal static class BenchCommand
{
    /// <summary>Creates the verb.</summary>
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("MODEL.pte") { Description = "The program." };
        var method = new Option<string?>("--method", "-m") { Description = "Method; default: the only one, or 'forward'." };
        var inputs = new Option<string[]>("--inputs", "-i")
        {
            Description = "As for 'run'; default: random.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => ["random"],
        };
        var warmup = new Option<int>("--warmup") { Description = "Calls before timing.", DefaultValueFactory = _ => 20 };
        var repeat = new Option<int>("--repeat", "-n") { Description = "Timed calls.", DefaultValueFactory = _ => 200 };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var common = new CommonOptions();
        var command = new Command("bench", """
            Loads a program, calls one method again and again, and prints load time, percentiles of a call, allocated bytes a call and memory.

            Examples:
              tandem bench model.pte --repeat 1000 --threads 1
              tandem bench model.pte -m decode --inputs '[[5]]' '[0]' --json
            """) { model, method, inputs, warmup, repeat, json };
        common.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            using var runtime = common.CreateRuntime(parsed);
            var start = Stopwatch.GetTimestamp();
            using var program = runtime.LoadProgram(parsed.GetValue(model)!, parsed.GetValue(common.Data)!);
            using var session = program.CreateSession();
            var loaded = session.GetMethod(MethodNames.Choose(program, parsed.GetValue(method)));
            var load = Stopwatch.GetElapsedTime(start);
            MethodInputs.Set(loaded, InputSource.Read(loaded.Info, parsed.GetValue(inputs)!, seed: 0));
            start = Stopwatch.GetTimestamp();
            loaded.Execute(cancellation);
            var first = Stopwatch.GetElapsedTime(start);
            var (times, allocated) = Measure(loaded, parsed.GetValue(warmup), Math.Max(parsed.GetValue(repeat), 1), cancellation);
            var report = new BenchReport(loaded.Info.Name, runtime.Pool.ThreadCount, load.TotalMilliseconds, first.TotalMilliseconds, times.Length,
                Percentile(times, 0), Percentile(times, 0.5), Percentile(times, 0.9), Percentile(times, 0.99), Percentile(times, 1),
                allocated / (double)times.Length, session.MemoryBytes, Environment.WorkingSet);
            Print(terminal, report, parsed.GetValue(json));
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static (long[] Times, long Allocated) Measure(Method method, int warmup, int repeat, CancellationToken cancellation)
    {
        for (var i = 0; i < warmup; i++)
        {
            method.Execute(cancellation);
        }

        var times = new long[repeat];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < times.Length; i++)
        {
            var start = Stopwatch.GetTimestamp();
            method.Execute(cancellation);
            times[i] = Stopwatch.GetTimestamp() - start;
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Array.Sort(times);
        return (times, allocated);
    }

    private static double Percentile(long[] sorted, double fraction) =>
        sorted[(int)Math.Round(fraction * (sorted.Length - 1))] * 1e6 / Stopwatch.Frequency;

    private static void Print(Terminal terminal, BenchReport report, bool json)
    {
        if (json)
        {
            terminal.RawOutput.WriteLine(JsonReport.Render(report));
            return;
        }

        terminal.Output.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"{report.Method}, {report.Threads} threads: load {report.LoadMilliseconds:0.0} ms, first call {report.FirstCallMilliseconds:0.00} ms");
        terminal.Output.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"{report.Calls} calls, us: fastest {report.FastestMicroseconds:0.0}, p50 {report.P50Microseconds:0.0}, p90 {report.P90Microseconds:0.0}, p99 {report.P99Microseconds:0.0}, slowest {report.SlowestMicroseconds:0.0}");
        terminal.Output.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"{report.AllocatedBytesPerCall:0.##} bytes allocated a call, session {Sizes.Format(report.SessionBytes)}, resident {Sizes.Format(report.ResidentBytes)}");
    }

    private sealed record BenchReport(
        string Method, int Threads, double LoadMilliseconds, double FirstCallMilliseconds, int Calls, double FastestMicroseconds,
        double P50Microseconds, double P90Microseconds, double P99Microseconds, double SlowestMicroseconds, double AllocatedBytesPerCall,
        long SessionBytes, long ResidentBytes);
}
