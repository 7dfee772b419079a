using System.Runtime.InteropServices;
using Tandem.Benchmarks.Shared;
using Tandem.Host;
using Tandem.Host.Building;
using Tandem.Host.Lowering;
using Tandem.Sdk;

namespace Tandem.MemoryBenchmarks;

/// <summary>The most memory that loading and running a model takes, as a multiple of its weights.</summary>
internal static class PeakMemory
{
    /// <summary>Makes a model, and prints what loading it takes without packed cache, and with it at the first and the second start.</summary>
    public static void Compare(int megabytes) => WithModels(megabytes, (warm, model, folder) =>
    {
        foreach (var (name, cache) in new[] { ("without packed cache", ""), ("first start with packed cache", Path.Combine(folder, "cache")), ("second start", Path.Combine(folder, "cache")) })
        {
            Console.WriteLine($"{name}: {OwnProcess.Run("peak-child", warm, model, cache)}");
        }
    });

    /// <summary>Makes a small and a large net of linear layers for the time of a call.</summary>
    /// <param name="megabytes">Weights of the large one.</param>
    /// <param name="use">Given the small one, the large one, and a folder.</param>
    public static void WithModels(int megabytes, Action<string, string, string> use)
    {
        var folder = Directory.CreateTempSubdirectory("tandem-memory-").FullName;
        try
        {
            var width = megabytes >= 128 ? 2048 : 1024;
            var (warm, model) = (Path.Combine(folder, "warm.pte"), Path.Combine(folder, "model.pte"));
            Write(warm, 64, 2);
            Write(model, width, Math.Max(1, (int)(megabytes * 1e6 / ((long)width * width * sizeof(float)))));

            // A file that has only just been written has no name to remember it by.
            Thread.Sleep(4000);
            use(warm, model, folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Loads and runs one model in this process.</summary>
    public static void Measure(string warm, string model, string cache)
    {
        using var runtime = BenchmarkRuntime.Create(2, cache);
        Run(runtime, warm);
        GC.Collect();
        var before = ProcessStatus.Read("VmRSS");
        ProcessStatus.ResetPeak();
        Run(runtime, model);
        var weights = new FileInfo(model).Length;
        var peak = ProcessStatus.Read("VmHWM") - before;
        Console.WriteLine($"peak {peak / 1e6:F1} MB over {before / 1e6:F1} MB, weights {weights / 1e6:F1} MB, ratio {(double)peak / weights:F3}");
    }

    private static void Run(TandemRuntime runtime, string path)
    {
        using var program = runtime.LoadProgram(path);
        using var session = program.CreateSession();
        var method = session.GetMethod("forward");
        var layout = method.Info.Inputs[0].Layout!;
        method.SetInput(0, layout, MemoryMarshal.AsBytes(Enumerable.Repeat(0.5f, (int)layout.ElementCount).ToArray().AsSpan()));
        method.Execute();
        method.Execute();
    }

    private static void Write(string path, int width, int layers)
    {
        var builder = new ExportedProgramBuilder();
        var random = new Random(1);
        var values = new float[width * width];
        var weights = new List<ModelTensor>();
        for (var i = 0; i < layers; i++)
        {
            for (var k = 0; k < values.Length; k++)
            {
                values[k] = (random.NextSingle() - 0.5f) / width;
            }

            weights.Add(builder.Parameter<float>($"layer{i}.weight", (float[])values.Clone(), [width, width]));
        }

        builder.Method("forward", method =>
        {
            var x = method.Input("x", ScalarType.Float, 1, width);
            foreach (var weight in weights)
            {
                x = x.Linear(weight).Relu();
            }

            method.Output(x);
        });
        using var runtime = BenchmarkRuntime.Create(2);
        new ProgramLowering(runtime, new LoweringOptions { Backends = { Order = ["tandem.cpu"] } }).Lower(builder.Build(), path);
    }
}
