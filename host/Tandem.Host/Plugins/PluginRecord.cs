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
    private WeakReference? _context;

    internal PluginRecord(string folder, IPluginLoader loader, HostServices services, TimeSpan startLimit)
    {
        Folder = folder;
        _loader = loader;
        _services = services;
        _startLimit = startLimit;
        try
        {
            Manifest = PluginJudge.Judge(folder);
        }
        catch (TandemException error)
        {
            Refusal = error;
        }
    }

    internal string Folder { get; }

    /// <summary>The manifest; null if the plugin was refused.</summary>
    internal PluginManifest? Manifest { get; }

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

            if (_runtimes.TryGetValue(backendId, out var known))
            {
                return known;
            }

            try
            {
                var result = WithinLimit(() => Create(backendId));
                _runtimes.Add(backendId, result);
                return result;
            }
            catch (TandemException error)
            {
                Refusal = error;
                return (null, new BackendAvailability(false, error.Message));
            }
        }
    }

    public void Dispose() => Unload(out _);

    /// <summary>Stops the plugin and begins to unload it.</summary>
    /// <param name="context">Dies when the plugin is gone; null if it was never loaded.</param>
    internal void Unload(out WeakReference? context)
    {
        lock (_lock)
        {
            context = _context;
            foreach (var (runtime, _) in _runtimes.Values)
            {
                runtime?.Dispose();
            }

            _runtimes.Clear();
            _plugin?.Dispose();
            _plugin = null;
            _context = null;
        }

        if (context is not null)
        {
            _loader.Unload(context);
        }
    }

    private (IBackendRuntime? Runtime, BackendAvailability Availability) Create(string backendId)
    {
        _plugin ??= _loader.Load(Folder, Manifest!, out _context);
        var runtime = _plugin.CreateRuntime(backendId, _services);
        if (runtime is null)
        {
            return (null, new BackendAvailability(false, $"the plugin has no run-time half for {backendId}"));
        }

        return (runtime, runtime.GetAvailability());
    }

    // The plugin's code runs on a thread of its own, so that a hang costs this plugin and nothing else.
    private T WithinLimit<T>(Func<T> start)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = start();
            }
            catch (Exception error)
            {
                failure = error;
            }
        })
        { IsBackground = true, Name = $"Tandem start of {Title}" };
        thread.Start();
        if (!thread.Join(_startLimit))
        {
            throw new TandemException(ErrorCode.PluginStartTimedOut, "the plugin did not start within the limit", new ErrorDetails
            {
                File = Folder,
                Expected = $"at most {_startLimit.TotalSeconds} s",
                NextStep = "ask the plugin's vendor, or raise PluginStartLimitSeconds",
            });
        }

        return failure switch
        {
            null => result,
            TandemException typed => throw typed.With(new ErrorDetails { File = Folder }),
            _ => throw new TandemException(ErrorCode.PluginStartFailed, "the plugin threw while it was starting",
                new ErrorDetails { File = Folder, Found = $"{failure.GetType().Name}: {failure.Message}", NextStep = "ask the plugin's vendor" }),
        };
    }
}
