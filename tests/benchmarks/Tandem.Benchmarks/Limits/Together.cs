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
}
