namespace Tandem.Plugins.Cpu.Graph;

/// <summary>
/// The executors of a graph. There are as many as calls have ever run at the same time; a call that finds all of them taken makes one more, which is the
/// only allocation that a call can cause, and then stays.
/// </summary>
internal sealed class ExecutorPool(CompiledGraph graph) : IDisposable
{
    private readonly Lock _creation = new();
    private GraphExecutor? _first;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            var count = 0;
            for (var executor = Volatile.Read(ref _first); executor is not null; executor = executor.Next)
            {
                count++;
            }

            return count;
        }
    }

    /// <summary>Any executor, not taken; made if there is none. For when a delegate is made.</summary>
    public GraphExecutor First(KernelWarmUp warmUp)
    {
        lock (_creation)
        {
            if (_first is { } first)
            {
                return first;
            }

            var executor = new GraphExecutor(graph);
            executor.WarmUp(warmUp);
            executor.Release();
            Add(executor);
            return executor;
        }
    }

    /// <summary>Takes an executor that nobody has, or makes one.</summary>
    public GraphExecutor Take()
    {
        for (var executor = Volatile.Read(ref _first); executor is not null; executor = executor.Next)
        {
            if (executor.TryTake())
            {
                return executor;
            }
        }

        var created = new GraphExecutor(graph);
        Add(created);
        return created;
    }

    public void Dispose()
    {
        for (var executor = _first; executor is not null; executor = executor.Next)
        {
            executor.Dispose();
        }

        _first = null;
    }

    private void Add(GraphExecutor executor)
    {
        GraphExecutor? first;
        do
        {
            first = Volatile.Read(ref _first);
            executor.Next = first;
        }
        while (!ReferenceEquals(Interlocked.CompareExchange(ref _first, executor, first), first));
    }
}
