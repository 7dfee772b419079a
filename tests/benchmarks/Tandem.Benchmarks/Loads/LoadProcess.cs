using System.Diagnostics;
using System.Globalization;
using Tandem.Benchmarks.Llama;
using Tandem.Benchmarks.Shared;

namespace Tandem.Benchmarks.Loads;

/// <summary>The first load of a language model in a process of its own.</summary>
internal static class LoadProcess
{
    public const string Verb = "own-load";
    private const string WarmUpFirst = "warm";

    /// <summary>Starts a process and gives the seconds from opening the file to the first logits.</summary>
    /// <param name="program">The .pte.</param>
    /// <param name="threads">Compute threads.</param>
    /// <param name="isWarm">Whether the runtime warms up first, as an application does at its start.</param>
    /// <param name="cacheFolder">The folder of packed weights; null: none.</param>
    public static double Start(string program, int threads, bool isWarm, string? cacheFolder) => double.Parse(
        OwnProcess.Run(Verb, program, threads.ToString(CultureInfo.InvariantCulture), isWarm ? WarmUpFirst : "", cacheFolder ?? ""), CultureInfo.InvariantCulture);

    /// <summary>What the process does.</summary>
    public static void Run(string[] args)
    {
        using var runtime = BenchmarkRuntime.Create(int.Parse(args[1], CultureInfo.InvariantCulture), args[3]);

        // The plugin is loaded before the clock starts, as the peer's backends are by its imports.
        _ = runtime.Resolver.Resolve("", "XnnpackBackend");
        if (args[2] == WarmUpFirst)
        {
            runtime.WarmUp();
        }

        var clock = Stopwatch.StartNew();
        using var model = new TandemLlama(runtime, args[0], LlamaCall.Prompt);
        var logit = model.Output()[0];
        Console.WriteLine(float.IsNaN(logit) ? "NaN" : clock.Elapsed.TotalSeconds.ToString(CultureInfo.InvariantCulture));
    }
}
