using System.Diagnostics;

namespace Tandem.Benchmarks.Shared;

/// <summary>This program again, in a process of its own, for what only a new process shows.</summary>
internal static class OwnProcess
{
    /// <summary>Runs it and gives what it prints.</summary>
    /// <exception cref="InvalidOperationException">It ended with an error.</exception>
    public static string Run(params string[] args)
    {
        // Started through the dotnet command, or as a program of its own.
        string[] own = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
        return RunProgram(Environment.ProcessPath!, [.. own, .. args]);
    }

    /// <summary>Runs a program and gives what it prints.</summary>
    /// <exception cref="InvalidOperationException">It ended with an error.</exception>
    public static string RunProgram(string path, params string[] args)
    {
        var start = new ProcessStartInfo(path, args) { RedirectStandardOutput = true };

        // As an application runs: this program itself switches it off for steady times.
        start.Environment["DOTNET_TieredCompilation"] = "1";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"{Path.GetFileName(path)} {args[0]} ended with {process.ExitCode}");
    }
}
