using System.Diagnostics;

namespace Tandem.Host.Lowering;

/// <summary>Measures stages by the progress that is reported, and passes it on.</summary>
internal sealed class StageClock(IProgress<LoweringProgress>? listener) : IProgress<LoweringProgress>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<LoweringStage, TimeSpan> _times = [];
    private LoweringStage? _current;
    private long _since;

    public void Report(LoweringProgress value)
    {
        lock (_lock)
        {
            // What a backend says about its work does not begin a stage; it may come late from a thread of its own.
            if (value.Step is null)
            {
                Stop();
                (_current, _since) = (value.Stage, Stopwatch.GetTimestamp());
            }
        }

        listener?.Report(value);
    }

    /// <summary>Ends the last stage.</summary>
    internal IReadOnlyList<LoweringTime> Finish(TimeSpan import)
    {
        lock (_lock)
        {
            Stop();
            _current = null;
            _times[LoweringStage.Import] = import;
            return [.. _times.OrderBy(item => item.Key).Select(item => new LoweringTime(item.Key, item.Value))];
        }
    }

    private void Stop()
    {
        if (_current is { } stage)
        {
            _times[stage] = _times.GetValueOrDefault(stage) + Stopwatch.GetElapsedTime(_since);
        }
    }
}
