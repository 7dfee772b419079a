using System.Diagnostics;
using System.Globalization;

namespace Tandem.Benchmarks.Peers;

/// <summary>A process of ExecuTorch that answers requests for as long as the benchmark runs: its imports take seconds, and rounds must alternate.</summary>
internal sealed class ExecuTorchServer : IDisposable
{
    private ExecuTorchServer(Process process) => Process = process;

    /// <summary>The process.</summary>
    public Process Process { get; }

    /// <summary>Starts ExecuTorch with so many threads.</summary>
    /// <param name="script">The program that runs a Python file with ExecuTorch.</param>
    /// <param name="threads">Threads of its pool.</param>
    public static ExecuTorchServer Start(string script, int threads)
    {
        var start = new ProcessStartInfo(script, [Path.Combine(AppContext.BaseDirectory, "executorch_server.py"), threads.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var server = new ExecuTorchServer(process);
        var ready = process.StandardOutput.ReadLine();
        return ready == $"ready {threads}" ? server : throw new InvalidOperationException($"ExecuTorch answered '{ready}' for {threads} threads");
    }

    /// <summary>Sends a request and gives the answer.</summary>
    /// <exception cref="InvalidOperationException">ExecuTorch refused.</exception>
    public string Ask(FormattableString request)
    {
        Process.StandardInput.WriteLine(request.ToString(CultureInfo.InvariantCulture));
        Process.StandardInput.Flush();
        var answer = Process.StandardOutput.ReadLine();
        return answer is not null && !answer.StartsWith("error", StringComparison.Ordinal) ? answer
            : throw new InvalidOperationException($"ExecuTorch, asked for '{request.ToString(CultureInfo.InvariantCulture)}': {answer ?? "the process has ended"}");
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
