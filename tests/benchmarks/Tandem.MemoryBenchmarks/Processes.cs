using System.Diagnostics;
using Tandem.Host;

namespace Tandem.MemoryBenchmarks;

/// <summary>This program again, as a process that has done nothing yet; and what the system says of this one.</summary>
internal static class Processes
{
    /// <summary>Runs this program and returns what it prints.</summary>
    public static string Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Tandem.MemoryBenchmarks.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"'{string.Join(' ', arguments)}' ended with {process.ExitCode}: {output}");
    }

    /// <summary>A runtime with the CPU plugin.</summary>
    /// <param name="cache">Folder of the packed cache; empty for none.</param>
    /// <param name="threads">Compute threads.</param>
    public static TandemRuntime CreateRuntime(string cache, int threads = 2)
    {
        var options = new TandemOptions { PluginFolders = [Path.Combine(AppContext.BaseDirectory, "plugins")], Threads = threads, KeepPluginsLoaded = true };
        if (cache.Length > 0)
        {
            options.Backends.Options["XnnpackBackend"] = new() { ["packed_cache"] = cache };
        }

        return new TandemRuntime(options);
    }

    /// <summary>A figure of /proc/self/status in bytes: VmRSS, VmHWM, RssAnon.</summary>
    public static long Status(string field)
    {
        foreach (var line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith(field + ":", StringComparison.Ordinal))
            {
                return long.Parse(line[(field.Length + 1)..].Replace("kB", "").Trim()) * 1024;
            }
        }

        throw new InvalidOperationException($"/proc/self/status has no {field}");
    }

    /// <summary>Begins anew to follow the most resident memory.</summary>
    public static void ResetPeak() => File.WriteAllText("/proc/self/clear_refs", "5");
}
