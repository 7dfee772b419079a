using System.Diagnostics;
using System.Globalization;
using Tandem.Host;
using Tandem.Host.Lowering;

namespace Tandem.LoweringBenchmarks;

/// <summary>One lowering in this process, which has done nothing before.</summary>
internal static class OwnLowering
{
    public static void Run(string archive, string program, string backend)
    {
        using var runtime = new TandemRuntime(new TandemOptions { PluginFolders = [Path.Combine(AppContext.BaseDirectory, "plugins")] });
        var options = new LoweringOptions();
        if (backend.Length > 0)
        {
            options.Backends.Order.Add(backend);
        }

        using var watch = new MemoryWatch();
        var start = Stopwatch.GetTimestamp();
        var report = new ProgramLowering(runtime, options).LowerFile(archive, program);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        watch.Dispose();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"lowered in {seconds:0.000} s, anonymous {watch.Peak} bytes from {watch.First}, resident {MemoryWatch.ResidentPeak} bytes, program {report.Files[0].ByteCount} bytes"));
        foreach (var stage in report.Times)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {stage.Stage}: {stage.Duration.TotalMilliseconds:0} ms"));
        }
    }
}
