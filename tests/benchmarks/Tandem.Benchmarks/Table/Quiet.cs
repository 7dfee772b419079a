using System.Diagnostics;

namespace Tandem.Benchmarks.Table;

/// <summary>Waits until the threads of those that ran before have stopped spinning: they would take the cores of the next one.</summary>
internal sealed class Quiet(IReadOnlyList<Process> others)
{
    // The system counts a thread's time in ticks of up to 4 milliseconds; ONNX Runtime's threads spin for about 35.
    private const int StepMilliseconds = 10;

    // A step in which less than this share of one processor was used is quiet.
    private const double GreatestShare = 0.2;
    private const int GreatestSteps = 30;

    public void Wait()
    {
        var (before, start) = (Used(), Stopwatch.GetTimestamp());
        for (var i = 0; i < GreatestSteps; i++)
        {
            Thread.Sleep(StepMilliseconds);
            var (now, elapsed) = (Used(), Stopwatch.GetElapsedTime(start));
            if (now - before < elapsed * GreatestShare)
            {
                return;
            }

            (before, start) = (now, Stopwatch.GetTimestamp());
        }
    }

    private TimeSpan Used()
    {
        var used = Environment.CpuUsage.TotalTime;
        foreach (var process in others)
        {
            process.Refresh();
            used += process.TotalProcessorTime;
        }

        return used;
    }
}
