using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>
/// Has kernels compiled on another thread while the rest of a program loads: a kernel is compiled by its first call, and the first call of a
/// method would wait for all of them one after the other.
/// </summary>
/// <remarks>Nothing depends on it: a kernel that is called before its turn is compiled there and then.</remarks>
internal sealed class KernelWarmUp(int threadCount) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<long> _known = [];
    private readonly Queue<Item> _waiting = new();
    private Thread? _thread;
    private bool _isStopping;

    /// <summary>Threads of the pool that kernels will run on.</summary>
    public int ThreadCount { get; } = threadCount;

    /// <summary>Asks for kernels that only their user can name; nothing is asked for once only.</summary>
    /// <param name="call">Calls them; holds no native memory, which may be gone before its turn.</param>
    public void Request(Action call)
    {
        lock (_gate)
        {
            Add(new Item(0, _ => call()));
        }
    }

    /// <summary>Asks for a kernel once.</summary>
    /// <param name="key">What the kernel is known by: its address, or a small number.</param>
    /// <param name="call">Calls the kernel on memory of its own, with little to do.</param>
    public void Request(long key, Action<nint> call)
    {
        lock (_gate)
        {
            if (_known.Add(key))
            {
                Add(new Item((nint)key, call));
            }
        }
    }

    /// <summary>Stops after the kernel at hand and waits for it.</summary>
    public void Dispose()
    {
        Thread? thread;
        lock (_gate)
        {
            _isStopping = true;
            _waiting.Clear();
            thread = _thread;
        }

        thread?.Join();
    }

    private void Add(Item item)
    {
        if (_isStopping)
        {
            return;
        }

        _waiting.Enqueue(item);
        if (_thread is null)
        {
            _thread = new Thread(Work) { IsBackground = true, Name = "Tandem CPU warm-up" };
            _thread.Start();
        }
    }

    private void Work()
    {
        while (true)
        {
            Item? item;
            lock (_gate)
            {
                if (!_waiting.TryDequeue(out item))
                {
                    _thread = null;
                    return;
                }
            }

            try
            {
                item.Call(item.Key);
            }
            catch (Exception error) when (error is TandemException or OutOfMemoryException)
            {
                // What a warm-up cannot do, the call itself reports.
            }
        }
    }

    private sealed record Item(nint Key, Action<nint> Call);
}
