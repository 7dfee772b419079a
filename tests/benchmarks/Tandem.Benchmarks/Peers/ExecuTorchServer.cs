using System.Diagnostics;
using System.Globalization;

namespace Tandem.Benchmarks.Peers;

/// <summary>A process of ExecuTorch that answers requests for as long as the benchmark runs: its imports take seconds, and rounds must alternate.</summary>
internal sealed class ExecuTorchServer : IDisposable
{
    private readonly Process _process;

    private ExecuTorchServer(Process process) => _process = process;

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
        _process.StandardInput.WriteLine(request.ToString(CultureInfo.InvariantCulture));
        _process.StandardInput.Flush();
        var answer = _process.StandardOutput.ReadLine();
        return answer is not null && !answer.StartsWith("error", StringComparison.Ordinal) ? answer
            : throw new InvalidOperationException($"ExecuTorch, asked for '{request.ToString(CultureInfo.InvariantCulture)}': {answer ?? "the process has ended"}");
    }

    /// <summary>The answer as a number.</summary>
    public double AskNumber(FormattableString request) => double.Parse(Ask(request), CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
