namespace Tandem.Benchmarks.Peers;

/// <summary>A process of ExecuTorch.</summary>
internal sealed class ExecuTorchServer : PeerServer
{
    private ExecuTorchServer(string script, int threads)
        : base(ExecuTorchContender.Column, script, [Path.Combine(AppContext.BaseDirectory, "executorch_server.py")], threads)
    {
    }

    /// <summary>Starts ExecuTorch with so many threads.</summary>
    /// <param name="script">The program that runs a Python file with ExecuTorch.</param>
    /// <param name="threads">Threads of its pool.</param>
    public static ExecuTorchServer Start(string script, int threads) => new(script, threads);
}
