using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Tandem.Sdk;

namespace Tandem.Host.Plugins;

/// <summary>One plugin folder: judged when it was found, started when one of its backends is needed.</summary>
internal sealed class PluginRecord : IDisposable
{
    private readonly Lock _lock = new();
    private readonly IPluginLoader _loader;
    private readonly HostServices _services;
    private readonly TimeSpan _startLimit;
    private readonly Dictionary<string, (IBackendRuntime? Runtime, BackendAvailability Availability)> _runtimes = new(StringComparer.Ordinal);
    private IBackendPlugin? _plugin;
    private AssemblyLoadContext? _context;
    private bool _isDisposed;
    private int _preprocessors;

    internal PluginRecord(string folder, IPluginLoader loader, HostServices services, TimeSpan startLimit, bool staysLoaded = false)
    {
        Folder = folder;
        _loader = loader;
        _services = services;
        _startLimit = startLimit;
        try
        {
            // A manifest that can be read is kept, so that a refused plugin is known by its name.
            Manifest = PluginManifest.Read(Path.Combine(folder, PluginManifest.FileName));
            Notes = PluginJudge.Notes(folder, Manifest);
            Manifest = Manifest with { IsUnloadable = Manifest.IsUnloadable && !staysLoaded };
            PluginJudge.Judge(folder, Manifest);
        }
        catch (TandemException error)
        {
            Refusal = error;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            Refusal = new TandemException(ErrorCode.PluginFileMissing, "a file of the plugin cannot be read",
                new ErrorDetails { File = folder, Expected = "readable files", Found = error.Message, NextStep = "install the plugin anew" }, error);
        }
    }

    internal string Folder { get; }

    /// <summary>The manifest; null if it cannot be read.</summary>
    internal PluginManifest? Manifest { get; }

    /// <summary>Things that a person should know, and that do not make the plugin unusable.</summary>
    internal IReadOnlyList<string> Notes { get; } = [];

    /// <summary>Why it cannot be used; null while nothing speaks against it.</summary>
    internal TandemException? Refusal { get; private set; }

    internal bool IsStarted => _plugin is not null;

    internal string Title => Manifest is null ? Folder : $"{Manifest.Id} {Manifest.Version}";

    /// <summary>The runtime for a backend id, starting the plugin if need be; null with the reason if it cannot run.</summary>
    internal (IBackendRuntime? Runtime, BackendAvailability Availability) GetRuntime(string backendId)
    {
        lock (_lock)
        {
            if (Refusal is not null)
            {
                return (null, new BackendAvailability(false, Refusal.Message));
            }

            if (_isDisposed)
            {
                return (null, new BackendAvailability(false, "the host is shutting down"));
            }

            if (_runtimes.TryGetValue(backendId, out var known))
            {
                return known;
            }

            var start = new PluginStart(_loader, Folder, Manifest!, _services, backendId, _plugin, _context);
            Refusal = start.Run(_startLimit);
            if (Refusal is not null)
            {
                // What runs already keeps running: only further starts are refused.
                return (null, new BackendAvailability(false, Refusal.Message));
            }

            (_plugin, _context) = (start.Plugin, start.Context);
            _runtimes.Add(backendId, (start.Runtime, start.Availability));
            return _runtimes[backendId];
        }
    }

    /// <summary>A new ahead-of-time half for a backend id, starting the plugin if need be.</summary>
    /// <param name="backendId">The backend id.</param>
    /// <param name="release">Says that the preprocessor is disposed; until then the plugin is not unloaded.</param>
    /// <returns>The preprocessor; null if the plugin has none.</returns>
    /// <exception cref="TandemException">Why the plugin cannot be used.</exception>
    internal IBackendPreprocessor? CreatePreprocessor(string backendId, out Action release)
    {
        release = static () => { };
        lock (_lock)
        {
            if (Refusal is not null)
            {
                throw Refusal.With(new ErrorDetails { File = Folder });
            }

            ObjectDisposedException.ThrowIf(_isDisposed, this);
            var start = new PluginStart(_loader, Folder, Manifest!, _services, backendId, _plugin, _context, isAheadOfTime: true);
            if (start.Run(_startLimit) is { } failure)
            {
                throw failure;
            }

            (_plugin, _context) = (start.Plugin, start.Context);
            if (start.Preprocessor is not null)
            {
                Interlocked.Increment(ref _preprocessors);
                release = () => Interlocked.Decrement(ref _preprocessors);
            }

            return start.Preprocessor;
        }
    }

    public void Dispose()
    {
        Stop(dispose: true, out _);
    }

    /// <summary>Stops the plugin, unloads it and waits until its load context is gone. It may be started again.</summary>
    /// <param name="limit">How long to wait.</param>
    /// <returns>Whether it is gone, and if not, why.</returns>
    internal PluginUnloadResult TryUnload(TimeSpan limit)
    {
        if (Volatile.Read(ref _preprocessors) > 0)
        {
            return new PluginUnloadResult(Title, false, ErrorCode.PluginUnloadFailed, "a lowering uses it");
        }

        var failure = Stop(dispose: false, out var context);
        if (failure is not null)
        {
            return new PluginUnloadResult(Title, false, ErrorCode.PluginUnloadFailed, failure);
        }

        if (context is null)
        {
            return new PluginUnloadResult(Title, true, null, "it was not started");
        }

        if (!Manifest!.IsUnloadable)
        {
            return new PluginUnloadResult(Title, false, null, "it is stopped and stays in the process: its manifest says that it cannot be unloaded");
        }

        var start = Stopwatch.GetTimestamp();
        var rounds = 0;
        while (context.IsAlive)
        {
            if (rounds++ > 2 && Stopwatch.GetElapsedTime(start) > limit)
            {
                return new PluginUnloadResult(Title, false, ErrorCode.PluginUnloadFailed,
                    $"its load context is alive after {limit.TotalSeconds} s: a program or session that uses it is not disposed, or it left a thread, timer, static event or handle behind");
            }

            // A collectible context goes with the last object of it, in several rounds; the pause lets a thread of it end.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            if (rounds > 3)
            {
                Thread.Sleep(1);
            }
        }

        return new PluginUnloadResult(Title, true, null, $"unloaded in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");
    }

    // No inlining: runtimes and the plugin must not live in the frame that waits for them to go.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private string? Stop(bool dispose, out WeakReference? context)
    {
        lock (_lock)
        {
            _isDisposed |= dispose;
            context = _context is null ? null : new WeakReference(_context, trackResurrection: true);
            string? failure = null;
            foreach (var (runtime, _) in _runtimes.Values)
            {
                failure = TryDispose(runtime) ?? failure;
            }

            _runtimes.Clear();
            failure = TryDispose(_plugin) ?? failure;
            if (_context is not null && Manifest!.IsUnloadable)
            {
                _loader.Unload(_context);
            }

            _plugin = null;
            _context = null;

            return failure;
        }
    }

    private string? TryDispose(IDisposable? item)
    {
        try
        {
            item?.Dispose();
            return null;
        }
        catch (Exception error)
        {
            _services.Log.Write(LogLevel.Error, $"plugin {Title} threw while it was stopping: {error.GetType().Name}: {error.Message}");
            return $"it threw while it was stopping: {error.GetType().Name}: {error.Message}";
        }
    }
}
