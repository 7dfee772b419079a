using System.Diagnostics;
using System.Globalization;
using Tandem.Benchmarks.Llama;
using Tandem.Host;

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
    public static double Start(string program, int threads, bool isWarm, string? cacheFolder)
    {
        // Started through the dotnet command, or as a program of its own.
        var arguments = new List<string>();
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            arguments.Add(Environment.GetCommandLineArgs()[0]);
        }

        var start = new ProcessStartInfo(Environment.ProcessPath!, [.. arguments, Verb, program, threads.ToString(CultureInfo.InvariantCulture), isWarm ? WarmUpFirst : "", cacheFolder ?? ""])
        {
            RedirectStandardOutput = true,
        };

        // As an application runs: this program itself switches it off for steady times.
        start.Environment["DOTNET_TieredCompilation"] = "1";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? double.Parse(output, CultureInfo.InvariantCulture) : throw new InvalidOperationException($"the process that loads ended with {process.ExitCode}");
    }

    /// <summary>What the process does.</summary>
    public static void Run(string[] args)
    {
        var options = new TandemOptions
        {
            Threads = int.Parse(args[1], CultureInfo.InvariantCulture),
            KeepPluginsLoaded = true,
            PluginFolders = [Path.Combine(AppContext.BaseDirectory, "plugins")],
        };
        if (args[3].Length > 0)
        {
            options.Backends.PluginOptions["tandem.cpu"] = new() { ["packed_cache"] = args[3] };
        }

        using var runtime = new TandemRuntime(options);

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
