using Microsoft.ML.OnnxRuntime;
using Tandem.Benchmarks.Limits;
using Tandem.Benchmarks.Peers;
using Tandem.Benchmarks.Shared;
using Tandem.Host;
using Tandem.Host.Lowering;
using Tandem.Sdk;

namespace Tandem.Benchmarks.Table;

/// <summary>What all rows of a run share: runtimes and peers for each number of threads, limits, and a folder that is removed at the end.</summary>
internal sealed class TableContext : IDisposable
{
    private readonly Dictionary<int, TandemRuntime> _runtimes = [];
    private readonly Dictionary<int, ExecuTorchServer> _servers = [];
    private readonly Dictionary<int, LibtorchServer> _libtorch = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("tandem-benchmarks-").FullName;

    public TableContext(TableOptions options) => (Options, Table) = (options, new ResultTable(options.Output));

    public TableOptions Options { get; }

    public ResultTable Table { get; }

    public MachineLimits Limits { get; } = new();

    /// <summary>Waits for this process and the peers' processes.</summary>
    public Quiet Quiet => new([.. _servers.Values.Concat<PeerServer>(_libtorch.Values).Select(server => server.Process)]);

    /// <summary>Tandem with so many threads.</summary>
    public TandemRuntime Runtime(int threads)
    {
        if (!_runtimes.TryGetValue(threads, out var runtime))
        {
            _runtimes[threads] = runtime = BenchmarkRuntime.Create(threads);
        }

        return runtime;
    }

    /// <summary>ExecuTorch with so many threads; null where it is not there.</summary>
    public ExecuTorchServer? ExecuTorch(int threads)
    {
        if (!_servers.TryGetValue(threads, out var server) && NewExecuTorch(threads) is { } started)
        {
            _servers[threads] = server = started;
        }

        return server;
    }

    /// <summary>A process of ExecuTorch that is the caller's; null where it is not there.</summary>
    public ExecuTorchServer? NewExecuTorch(int threads) =>
        Options.ExecuTorch is { } script && Options.WantsColumn(ExecuTorchContender.Column) ? ExecuTorchServer.Start(script, threads) : null;

    /// <summary>Whether libtorch takes part.</summary>
    public bool HasLibtorch => _libtorch.Count > 0;

    /// <summary>Starts libtorch, which has a column from now on.</summary>
    /// <exception cref="InvalidOperationException">It is not built, or does not load: there is no such column.</exception>
    public void StartLibtorch()
    {
        var threads = Options.Threads[0];
        _libtorch[threads] = LibtorchServer.Start(Options.Checkout, threads);
        Table.Peers.Add(LibtorchContender.Column);
    }

    /// <summary>libtorch with so many threads.</summary>
    public LibtorchServer Libtorch(int threads)
    {
        if (!_libtorch.TryGetValue(threads, out var server))
        {
            _libtorch[threads] = server = LibtorchServer.Start(Options.Checkout, threads);
        }

        return server;
    }

    /// <summary>Measures a row; one that fails is printed with its error, and the others go on.</summary>
    public void Measure(string group, string name, Action measure)
    {
        try
        {
            measure();
        }
        catch (Exception error) when (error is TandemException or InvalidOperationException or OnnxRuntimeException)
        {
            var problem = error.Message.ReplaceLineEndings(" ").Replace('|', '/');
            Table.Print(new ResultRow(group, name, 0, new Dictionary<string, string>(), new Dictionary<string, string>(), "", $"FAILED: {problem}", false));
        }
    }

    /// <summary>A path in the folder of this run.</summary>
    public string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>Lowers a program for the CPU plugin into the folder of this run.</summary>
    public string Lower(ExportedProgram program, string name)
    {
        var path = PathOf(name);
        new ProgramLowering(Runtime(Options.Threads[0]), new LoweringOptions { Backends = { Order = ["tandem.cpu"] } }).Lower(program, path);
        return path;
    }

    public void Dispose()
    {
        foreach (var server in _servers.Values.Concat<PeerServer>(_libtorch.Values))
        {
            server.Dispose();
        }

        foreach (var runtime in _runtimes.Values)
        {
            runtime.Dispose();
        }

        Limits.Dispose();
        Table.Dispose();
        Directory.Delete(_folder, true);
    }
}
