using System.Globalization;
using Tandem.Benchmarks.Llama;
using Tandem.Benchmarks.Shared;

namespace Tandem.Benchmarks.Loads;

/// <summary>The first load of a language model, in a process of its own that is built as an application is published: Tandem.LoadBenchmarks.</summary>
internal static class LoadProcess
{
    private const string Name = "Tandem.LoadBenchmarks";

    /// <summary>Starts a process and gives the seconds from opening the file to the first logits.</summary>
    /// <param name="program">The .pte.</param>
    /// <param name="threads">Compute threads.</param>
    /// <param name="isWarm">Whether the runtime warms up first, as an application does at its start.</param>
    /// <param name="cacheFolder">The folder of packed weights; null: none.</param>
    public static double Start(string program, int threads, bool isWarm, string? cacheFolder)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "loads", OperatingSystem.IsWindows() ? $"{Name}.exe" : Name);
        if (!File.Exists(path))
        {
            throw new InvalidOperationException("loads are measured in a Release build: -c Release");
        }

        return double.Parse(
            OwnProcess.RunProgram(
                path, program, LlamaCall.Prompt.Method, LlamaCall.Prompt.Tokens.ToString(CultureInfo.InvariantCulture), threads.ToString(CultureInfo.InvariantCulture),
                isWarm.ToString(), Path.Combine(AppContext.BaseDirectory, "plugins"), cacheFolder ?? ""),
            CultureInfo.InvariantCulture);
    }
}
