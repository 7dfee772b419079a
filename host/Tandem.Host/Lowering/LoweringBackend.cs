using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>The ahead-of-time half of a backend that takes part in one lowering.</summary>
internal sealed class LoweringBackend : IDisposable
{
    private readonly Func<string, BackendOptions> _optionsFor;
    private readonly Lazy<IBackendPartitioner> _partitioner;
    private readonly Action? _release;

    /// <summary>Takes a preprocessor into a lowering, which disposes it.</summary>
    /// <param name="backendId">The backend id, as it will stand in the program.</param>
    /// <param name="plugin">Id and version of the plugin.</param>
    /// <param name="reason">Why this plugin, for a person to read.</param>
    /// <param name="preprocessor">The ahead-of-time half.</param>
    /// <param name="optionsFor">Options for a method; those for the name "" are the general ones.</param>
    /// <param name="release">Called once the preprocessor is disposed; null for nothing.</param>
    internal LoweringBackend(string backendId, string plugin, string reason, IBackendPreprocessor preprocessor, Func<string, BackendOptions> optionsFor, Action? release = null)
    {
        (BackendId, Plugin, Reason, Preprocessor, _optionsFor, _release) = (backendId, plugin, reason, preprocessor, optionsFor, release);
        _partitioner = new(() => preprocessor.CreatePartitioner(Options) ?? throw Invalid("a backend made no partitioner", null));
    }

    internal string BackendId { get; }

    internal string Plugin { get; }

    internal string Reason { get; }

    internal IBackendPreprocessor Preprocessor { get; }

    /// <summary>The partitioner; the first use runs code of the backend.</summary>
    internal IBackendPartitioner Partitioner => _partitioner.Value;

    internal BackendOptions Options => _optionsFor("");

    /// <summary>Backend and plugin, for messages.</summary>
    internal string Title => $"{BackendId} of {Plugin}";

    internal BackendOptions OptionsFor(string method) => _optionsFor(method);

    internal TandemException Invalid(string problem, string? location) => new(ErrorCode.BackendResultInvalid, problem,
        new ErrorDetails { File = Title, Location = location, NextStep = "ask the plugin's vendor" });

    public void Dispose()
    {
        try
        {
            Preprocessor.Dispose();
        }
        catch (Exception)
        {
            // The program is written, or the lowering has failed for a reason of its own: nothing depends on this end.
        }

        _release?.Invoke();
    }
}
