using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Tandem.Benchmarks.Peers;

/// <summary>A peer's process that answers requests for as long as the benchmark runs: its start takes seconds, and rounds must alternate.</summary>
internal abstract class PeerServer : IDisposable
{
    private readonly string _name;

    /// <summary>Starts a peer with so many threads, which are its last argument, and waits until it is ready.</summary>
    /// <param name="name">What it is called in errors.</param>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Arguments before the number of threads.</param>
    /// <param name="threads">Threads of its pool.</param>
    /// <param name="environment">Variables of its environment beside this process's.</param>
    /// <exception cref="InvalidOperationException">It does not start, or has not got that many threads.</exception>
    protected PeerServer(string name, string program, string[] arguments, int threads, params (string Name, string Value)[] environment)
    {
        _name = name;
        var start = new ProcessStartInfo(program, [.. arguments, threads.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (variable, value) in environment)
        {
            start.Environment[variable] = value;
        }

        try
        {
            Process = Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            throw new InvalidOperationException(error.Message, error);
        }

        Process.ErrorDataReceived += (_, _) => { };
        Process.BeginErrorReadLine();
        var ready = Process.StandardOutput.ReadLine();
        if (ready != $"ready {threads}")
        {
            Dispose();
            const string error = "error ";
            throw new InvalidOperationException(ready?.StartsWith(error, StringComparison.Ordinal) == true ? $"it does not start: {ready[error.Length..]}"
                : $"{name} answered '{ready ?? "nothing"}' for {threads} threads");
        }
    }

    /// <summary>The process.</summary>
    public Process Process { get; }

    /// <summary>Sends a request and gives the answer.</summary>
    /// <exception cref="InvalidOperationException">The peer refused.</exception>
    public string Ask(FormattableString request)
    {
        string? answer;
        try
        {
            Process.StandardInput.WriteLine(request.ToString(CultureInfo.InvariantCulture));
            Process.StandardInput.Flush();
            answer = Process.StandardOutput.ReadLine();
        }
        catch (IOException)
        {
            // The pipe of a process that has ended.
            answer = null;
        }

        return answer is not null && !answer.StartsWith("error", StringComparison.Ordinal) ? answer
            : throw new InvalidOperationException($"{_name}, asked for '{request.ToString(CultureInfo.InvariantCulture)}': {answer ?? "the process has ended"}");
    }

    /// <summary>The answer as a number.</summary>
    public double AskNumber(FormattableString request) => double.Parse(Ask(request), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        Process.StandardInput.Close();
        Process.WaitForExit();
        Process.Dispose();
    }
}
