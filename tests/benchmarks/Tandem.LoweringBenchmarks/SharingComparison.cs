using System.Diagnostics;
using System.Globalization;
using Tandem.Host;
using Tandem.Host.Execution;
using Tandem.Host.Lowering;
using Tandem.Sdk;

namespace Tandem.LoweringBenchmarks;

/// <summary>R6: what sharing costs and gains: loading, calls and size, with sharing on beside off, in turn in one process.</summary>
internal static class SharingComparison
{
    private const int Rounds = 41;

    public static int Run(string archive)
    {
        var folder = Directory.CreateTempSubdirectory("tandem-sharing-").FullName;
        try
        {
            using var runtime = new TandemRuntime(new TandemOptions { PluginFolders = [Path.Combine(AppContext.BaseDirectory, "plugins")], KeepPluginsLoaded = true });
            var paths = new[] { true, false }.Select(isShared =>
            {
                var options = new LoweringOptions { ShareData = isShared };
                options.Backends.Order.Add("tandem.cpu");
                var path = Path.Combine(folder, isShared ? "shared.pte" : "unshared.pte");
                new ProgramLowering(runtime, options).LowerFile(archive, path);
                return path;
            }).ToArray();
            var (loads, calls) = (new[] { new List<double>(), new List<double>() }, new[] { new List<double>(), new List<double>() });
            for (var round = -5; round < Rounds; round++)
            {
                // In turn, and the other one first in every second round, so that neither has the warmer caches.
                foreach (var which in round % 2 == 0 ? new[] { 0, 1 } : [1, 0])
                {
                    var (load, call) = Measure(runtime, paths[which]);
                    if (round >= 0)
                    {
                        loads[which].Add(load);
                        calls[which].Add(call);
                    }
                }
            }

            var ratios = new[]
            {
                Print("loading all methods, ms", Median(loads[0]), Median(loads[1])),
                Print("a call of each method, ms", Median(calls[0]), Median(calls[1])),
                Print("size of the file, bytes", new FileInfo(paths[0]).Length, new FileInfo(paths[1]).Length),
            };

            // Times swing by some percent on a machine with other work.
            return ratios[0] <= 1.05 && ratios[1] <= 1.05 && ratios[2] <= 1 ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (double Load, double Call) Measure(TandemRuntime runtime, string path)
    {
        var start = Stopwatch.GetTimestamp();
        using var program = runtime.LoadProgram(path);
        using var session = program.CreateSession();
        var methods = program.MethodNames.Select(name => session.GetMethod(name)).ToList();
        var load = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        foreach (var method in methods)
        {
            Fill(method);
            method.Execute();
        }

        start = Stopwatch.GetTimestamp();
        for (var repeat = 0; repeat < 3; repeat++)
        {
            foreach (var method in methods)
            {
                method.Execute();
            }
        }

        return (load, Stopwatch.GetElapsedTime(start).TotalMilliseconds / 3);
    }

    // Zeros are indices, positions and features alike.
    private static void Fill(Method method)
    {
        for (var i = 0; i < method.Info.Inputs.Count; i++)
        {
            if (method.Info.Inputs[i].Layout is { } layout)
            {
                method.SetInput(i, layout, new byte[layout.ByteCount]);
            }
        }
    }

    private static double Print(string row, double on, double off)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row,-28} on {on,12:0.###}  off {off,12:0.###}  ratio {on / off:0.000} (goal: at most 1)"));
        return on / off;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
