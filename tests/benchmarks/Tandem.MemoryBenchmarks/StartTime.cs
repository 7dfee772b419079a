using System.Diagnostics;
using Tandem.Benchmarks.Shared;
using Tandem.Host;

namespace Tandem.MemoryBenchmarks;

/// <summary>From opening a program to its first token, in a process whose code is compiled.</summary>
internal static class StartTime
{
    private const int Rounds = 5;

    /// <summary>Compares starts without packed cache, the first with it, and later ones.</summary>
    public static void Compare(string model, string warm)
    {
        var cache = Directory.CreateTempSubdirectory("tandem-start-").FullName;
        try
        {
            Print("without packed cache", [.. Enumerable.Range(0, Rounds).Select(_ => Start(""))]);
            Print("first start", [Start(cache)]);
            Print("later starts", [.. Enumerable.Range(0, Rounds).Select(_ => Start(cache))]);
        }
        finally
        {
            Directory.Delete(cache, recursive: true);
        }

        double Start(string folder) => double.Parse(OwnProcess.Run("start-child", model, warm, folder));
    }

    /// <summary>Measures one start in this process and prints milliseconds.</summary>
    /// <param name="model">The program.</param>
    /// <param name="warm">A small program with the same operators and other weights, by which the code is compiled.</param>
    /// <param name="cache">Folder of the packed cache, or empty.</param>
    public static void Measure(string model, string warm, string cache)
    {
        using var runtime = BenchmarkRuntime.Create(2, cache);
        runtime.WarmUp();
        for (var i = 0; i < 3; i++)
        {
            FirstToken(runtime, warm);
        }

        Thread.Sleep(300);
        var start = Stopwatch.GetTimestamp();
        FirstToken(runtime, model);
        Console.WriteLine(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    private static void FirstToken(TandemRuntime runtime, string path)
    {
        using var program = runtime.LoadProgram(path);
        var session = program.CreateSession();
        var name = program.MethodNames.Contains("decode") ? "decode" : program.MethodNames[0];
        var method = session.GetMethod(name);
        for (var i = 0; i < method.Info.Inputs.Count; i++)
        {
            if (method.Info.Inputs[i].Layout is { } layout)
            {
                method.SetInput(i, layout, new byte[layout.ByteCount]);
            }
        }

        method.Execute();
        session.Dispose();
    }

    private static void Print(string name, double[] times)
    {
        Array.Sort(times);
        Console.WriteLine($"{name}: minimum {times[0]:F1} ms, median {times[times.Length / 2]:F1} ms of {times.Length}");
    }
}
