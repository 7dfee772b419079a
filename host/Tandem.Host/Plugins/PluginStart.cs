using System.Runtime.Loader;
using Tandem.Sdk;

namespace Tandem.Host.Plugins;

/// <summary>
/// One start of a plugin for one half of one backend id, on a thread of its own: a hang costs this plugin and nothing else.
/// </summary>
internal sealed class PluginStart(
    IPluginLoader loader, string folder, PluginManifest manifest, HostServices services, string backendId, IBackendPlugin? plugin, AssemblyLoadContext? context,
    bool isAheadOfTime = false)
{
    private const int Finished = 1;
    private const int Abandoned = 2;

    // Monitor, not Lock: the waiter is woken by the start thread.
    private readonly object _gate = new();
    private readonly bool _isFirst = plugin is null;
    private TandemException? _failure;
    private int _outcome;

    internal IBackendPlugin? Plugin { get; private set; } = plugin;

    internal AssemblyLoadContext? Context { get; private set; } = context;

    internal IBackendRuntime? Runtime { get; private set; }

    internal BackendAvailability Availability { get; private set; }

    /// <summary>The ahead-of-time half; null if it was not asked for, or the plugin has none.</summary>
    internal IBackendPreprocessor? Preprocessor { get; private set; }

    /// <summary>Starts and waits; null if it worked, or why it did not. Nothing of a failed start is kept.</summary>
    internal TandemException? Run(TimeSpan limit)
    {
        new Thread(Start) { IsBackground = true, Name = $"Tandem start of {manifest.Id}" }.Start();
        var finished = WaitUntilFinished(limit);
        return finished ? _failure : new TandemException(ErrorCode.PluginStartTimedOut, "the plugin did not start within the limit", new ErrorDetails
        {
            File = folder,
            Location = backendId,
            Expected = $"at most {limit.TotalSeconds} s",
            NextStep = "ask the plugin's vendor, or raise PluginStartLimitSeconds",
        });
    }

    private bool WaitUntilFinished(TimeSpan limit)
    {
        lock (_gate)
        {
            var end = Environment.TickCount64 + (long)limit.TotalMilliseconds;
            while (_outcome != Finished)
            {
                var left = end - Environment.TickCount64;
                if (left <= 0)
                {
                    _outcome = Abandoned;
                    return false;
                }

                Monitor.Wait(_gate, (int)Math.Min(left, int.MaxValue));
            }

            return true;
        }
    }

    private void Start()
    {
        try
        {
            StartCore();
        }
        catch (Exception error)
        {
            // A new error without the plugin's own exception: that would keep the plugin in the process.
            _failure = error is TandemException typed
                ? new TandemException(typed.Code, typed.Problem, typed.Details).With(new ErrorDetails { File = folder })
                : new TandemException(ErrorCode.PluginStartFailed, "the plugin threw while it was starting",
                    new ErrorDetails { File = folder, Location = backendId, Found = $"{error.GetType().Name}: {error.Message}", NextStep = "ask the plugin's vendor" });
        }

        // Outside the gate: to undo runs code of the plugin, which may hang as well.
        if (_failure is not null)
        {
            Undo();
        }

        lock (_gate)
        {
            if (_outcome != Abandoned)
            {
                _outcome = Finished;
                Monitor.PulseAll(_gate);
                return;
            }
        }

        Undo();
    }

    private void StartCore()
    {
        if (Plugin is null)
        {
            Plugin = loader.Load(folder, manifest, out var loaded);
            Context = loaded;
        }

        if (isAheadOfTime)
        {
            Preprocessor = Plugin.CreatePreprocessor(backendId, services);
            return;
        }

        Runtime = Plugin.CreateRuntime(backendId, services);
        Availability = Runtime is null ? new BackendAvailability(false, $"the plugin has no run-time half for {backendId}") : Runtime.GetAvailability();
    }

    private void Undo()
    {
        try
        {
            Runtime?.Dispose();
            Preprocessor?.Dispose();
            if (_isFirst)
            {
                Plugin?.Dispose();
            }
        }
        catch (Exception error)
        {
            services.Log.Write(LogLevel.Error, $"plugin {manifest.Id} threw while a failed start was undone: {error.GetType().Name}: {error.Message}");
        }

        (Runtime, Preprocessor) = (null, null);
        if (_isFirst)
        {
            Plugin = null;
            if (Context is { } loaded && manifest.IsUnloadable)
            {
                loader.Unload(loaded);
            }

            Context = null;
        }
    }
}
