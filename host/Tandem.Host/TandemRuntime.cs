using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tandem.Host.Diagnostics.Reports;
using Tandem.Host.Diagnostics;
using Tandem.Host.Execution;
using Tandem.Host.Formats;
using Tandem.Host.Kernels;
using Tandem.Host.NamedData;
using Tandem.Host.Plugins;
using Tandem.Host.Selection;
using Tandem.Sdk;

namespace Tandem.Host;

/// <summary>The entry point: owns compute threads, operators, plugins and what programs share.</summary>
/// <remarks>
/// <para>Threading: all members may be called from any thread.</para>
/// <para>Lifetime: one for an application. Dispose programs and sessions first; plugins are stopped and unloaded with it.</para>
/// </remarks>
public sealed class TandemRuntime : IDisposable
{
    private readonly TandemOptions _options;
    private readonly ComputeThreadPool _pool;
    private readonly PluginCatalog _catalog;
    private readonly BackendResolver _resolver;
    private readonly DerivedDataCacheStore _processCache = new();
    private readonly ILogger _log;

    /// <summary>Creates a runtime.</summary>
    /// <param name="options">Options; null for the defaults. Read once.</param>
    /// <param name="loggers">Where to log; null for nowhere.</param>
    public TandemRuntime(TandemOptions? options = null, ILoggerFactory? loggers = null)
    {
        _options = options ?? new TandemOptions();
        loggers ??= NullLoggerFactory.Instance;
        _log = loggers.CreateLogger<TandemRuntime>();

        // With the runtime, not by the first program: the framework takes milliseconds to make its first meter.
        RuntimeHelpers.RunClassConstructor(typeof(TandemDiagnostics).TypeHandle);
        _pool = new ComputeThreadPool(_options.Threads ?? Environment.ProcessorCount);
        try
        {
            Kernels = KernelRegistries.CreateDefault();
            _options.ConfigureKernels?.Invoke(Kernels);
            _catalog = new PluginCatalog(_options.PluginFolders, TimeSpan.FromSeconds(_options.PluginStartLimitSeconds), _pool, _processCache, loggers,
                staysLoaded: _options.KeepPluginsLoaded);
            _resolver = new BackendResolver(_catalog, _options.Backends);
        }
        catch
        {
            // Its threads would outlive a runtime that nobody got.
            _pool.Dispose();
            throw;
        }
    }

    /// <summary>The compute threads.</summary>
    public ComputePool Pool => _pool;

    /// <summary>The operators of this runtime.</summary>
    public KernelRegistry Kernels { get; }

    /// <summary>Chooses plugins.</summary>
    public IBackendResolver Resolver => _resolver;

    /// <summary>What is loaded in this process, and how often.</summary>
    public LoadStatistics LoadStatistics => Blobs.Statistics;

    /// <summary>Derived data (packed weights) that all programs of this runtime share.</summary>
    public DerivedDataCache DerivedData => _processCache;

    internal PluginCatalog Plugins => _catalog;

    internal BlobRegistry Blobs { get; } = BlobRegistry.Shared;

    /// <summary>Loads a program file with its external data files.</summary>
    /// <param name="path">The .pte.</param>
    /// <param name="dataFiles">The .ptd files, if there are any.</param>
    /// <returns>The program, which the caller disposes.</returns>
    /// <exception cref="TandemException">A code from 1001 to 3003 that names the file.</exception>
    public Program LoadProgram(string path, params ReadOnlySpan<string> dataFiles)
    {
        var externals = new List<DataSource>();
        try
        {
            using var source = DataSource.FromFile(path, _options.FileAccess);
            foreach (var file in dataFiles)
            {
                externals.Add(DataSource.FromFile(file, _options.FileAccess));
            }

            return Announce(new Program(this, source, externals));
        }
        finally
        {
            externals.ForEach(external => external.Dispose());
        }
    }

    /// <summary>Loads a program from sources: files, streams or buffers.</summary>
    /// <param name="source">The program; the caller keeps its own reference.</param>
    /// <param name="externals">Data files; the caller keeps its own references.</param>
    /// <returns>The program, which the caller disposes.</returns>
    public Program LoadProgram(DataSource source, params IEnumerable<DataSource> externals) => Announce(new Program(this, source, externals));

    /// <summary>
    /// Does ahead what the first program would wait for: starts the plugins that the configuration chooses, lets them compile their kernels, and runs the
    /// small programs that they bring along, so that the code of loading and executing is there. For an application that wants its first answer fast: call
    /// it at start-up, on a thread that has nothing else to do.
    /// </summary>
    /// <param name="programs">
    /// Paths of further programs whose methods are loaded and executed once with zeros, for what the backends' own do not have. Null for none.
    /// </param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <remarks>
    /// Takes 0.1 to 0.2 seconds the first time, in most of which the JIT compiles, and some milliseconds when it is called again. Programs are
    /// unloaded when they have run: what stays is compiled code. With a packed cache in the options, their packed weights (a few hundred kB) are written to
    /// it once. May run while programs load. What cannot warm up, or is not installed, is logged; a program that needs it is told why.
    /// </remarks>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public void WarmUp(IEnumerable<string>? programs = null, CancellationToken cancellationToken = default)
    {
        var own = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var backend in _catalog.Records.SelectMany(record => record.Manifest?.Backends ?? []).Concat(_options.Backends.InProcess.Keys).Distinct(StringComparer.Ordinal))
        {
            Try(backend, () =>
            {
                if (_resolver.Resolve("", backend).Runtime is IBackendWarmUp warmUp)
                {
                    warmUp.WarmUp(cancellationToken);
                    own.UnionWith(warmUp.Programs.Where(File.Exists));
                }
            });
        }

        // Small programs share no work out.
        new SessionComputePool(_pool).Run(2 * _pool.ThreadCount, 1, new NoWork());
        foreach (var path in own.Concat(programs ?? []))
        {
            Try(path, () => ExecuteOnce(path, cancellationToken));
        }

        void Try(string what, Action warmUp)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                warmUp();
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                _log.LogWarning("{What} cannot warm up: {Error}", what, error.Message);
            }
        }
    }

    /// <summary>Describes a program file without loading a method.</summary>
    /// <param name="path">The .pte.</param>
    /// <param name="dataFiles">The .ptd files.</param>
    /// <returns>The report.</returns>
    public ProgramReport Inspect(string path, params ReadOnlySpan<string> dataFiles)
    {
        using var program = LoadProgram(path, dataFiles);
        return program.Inspect();
    }

    /// <summary>All plugins that were found, usable or not, and why.</summary>
    /// <returns>The report.</returns>
    public PluginReport GetPluginReport() => _catalog.CreateReport(Resolver);

    /// <summary>Stops a plugin and takes its code out of the process. It starts again when one of its backends is needed.</summary>
    /// <param name="pluginId">Id of the plugin; every version of it is unloaded.</param>
    /// <param name="limit">How long to wait until it is gone.</param>
    /// <returns>For each version that was found, whether it is gone, and if not, why.</returns>
    /// <remarks>Dispose every program that uses the plugin before.</remarks>
    public IReadOnlyList<PluginUnloadResult> UnloadPlugin(string pluginId, TimeSpan limit)
    {
        _resolver.Forget();
        return _catalog.Unload(pluginId, limit);
    }

    // Inputs are zero until they are set.
    private void ExecuteOnce(string path, CancellationToken cancellationToken)
    {
        using var program = LoadProgram(path);
        using var session = program.CreateSession();
        foreach (var name in program.MethodNames)
        {
            var method = session.GetMethod(name);
            for (var i = 0; i < method.Info.Inputs.Count; i++)
            {
                if (method.Info.Inputs[i] is { Kind: EValueKind.Tensor, Layout: { } layout })
                {
                    method.SetInput(i, layout, new byte[layout.ByteCount]);
                }
            }

            method.Execute(cancellationToken);
            for (var i = 0; i < method.Info.Outputs.Count; i++)
            {
                _ = method.GetOutputValue(i);
            }
        }
    }

    private sealed class NoWork : IParallelWork
    {
        public void Execute(int start, int end, int worker)
        {
        }
    }

    private Program Announce(Program program)
    {
        foreach (var warning in program.Warnings)
        {
            _log.LogWarning("{Program}: {Warning}", program.Name, warning);
        }

        return program;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _resolver.Dispose();
        _catalog.Dispose();
        _pool.Dispose();
    }
}
