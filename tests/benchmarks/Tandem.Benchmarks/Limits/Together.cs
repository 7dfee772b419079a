using System.Diagnostics;

namespace Tandem.Benchmarks.Limits;

/// <summary>The same measurement on several threads at once.</summary>
internal static class Together
{
    /// <summary>The sum of the rates that the threads reach beside each other.</summary>
    public static double Sum(int threads, Func<int, double> rate)
    {
        if (threads == 1)
        {
            return rate(0);
        }

        var rates = new double[threads];
        using var barrier = new Barrier(threads);
        var workers = Enumerable.Range(1, threads - 1).Select(index => new Thread(() => Measure(index)) { IsBackground = true }).ToList();
        workers.ForEach(worker => worker.Start());
        Measure(0);
        workers.ForEach(worker => worker.Join());
        return rates.Sum();

        void Measure(int index)
        {
            barrier.SignalAndWait();
            rates[index] = rate(index);
        }
    }

    /// <summary>
    /// Seconds from the first thread's begin to the last one's end. What threads share is measured so: rates of threads that happened to run one after the
    /// other would add up to more than there is.
    /// </summary>
    public static double Seconds(int threads, Action<int> work)
    {
        var (waiting, begins, ends) = (threads, new long[threads], new long[threads]);
        var workers = Enumerable.Range(1, threads - 1).Select(index => new Thread(() => Measure(index)) { IsBackground = true }).ToList();
        workers.ForEach(worker => worker.Start());
        Measure(0);
        workers.ForEach(worker => worker.Join());
        return (ends.Max() - begins.Min()) / (double)Stopwatch.Frequency;

        void Measure(int index)
        {
            // Nobody sleeps: a thread that is woken begins late.
            Interlocked.Decrement(ref waiting);
            while (Volatile.Read(ref waiting) > 0)
            {
                Thread.Yield();
            }

            begins[index] = Stopwatch.GetTimestamp();
            work(index);
            ends[index] = Stopwatch.GetTimestamp();
        }
    }
}
