namespace Tandem.Host.Tests.NamedData;

/// <summary>Runs an action on many threads that start together.</summary>
internal static class Race
{
    internal static void Run(int threads, Action<int> action)
    {
        using var start = new Barrier(threads);
        var errors = new List<Exception>();
        var all = Enumerable.Range(0, threads).Select(i => new Thread(() =>
        {
            try
            {
                start.SignalAndWait();
                action(i);
            }
            catch (Exception error)
            {
                lock (errors)
                {
                    errors.Add(error);
                }
            }
        })).ToList();
        all.ForEach(thread => thread.Start());
        all.ForEach(thread => thread.Join());
        if (errors.Count > 0)
        {
            throw new AggregateException(errors);
        }
    }
}
