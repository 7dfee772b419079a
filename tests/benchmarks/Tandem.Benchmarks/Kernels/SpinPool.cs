using Tandem.Sdk;

namespace Tandem.Benchmarks.Kernels;

/// <summary>The smallest pool that measures kernels rather than itself: workers spin for the length of the benchmark.</summary>
internal sealed class SpinPool : ComputePool
{
    private readonly int _threads;
    private volatile int _ticket;
    private volatile bool _isStopped;
    private int _next;
    private int _running;
    private int _items;
    private int _grain;
    private IParallelWork _work = null!;

    public SpinPool(int threads)
    {
        _threads = threads;
        for (var i = 1; i < threads; i++)
        {
            var worker = i;
            new Thread(() => Loop(worker)) { IsBackground = true }.Start();
        }
    }

    public override int ThreadCount => _threads;

    public override void Run(int itemCount, int grain, IParallelWork work)
    {
        _work = work;
        _items = itemCount;
        _grain = grain;
        Volatile.Write(ref _next, 0);
        Volatile.Write(ref _running, _threads - 1);
        _ticket++;
        Take(0);
        while (Volatile.Read(ref _running) != 0)
        {
            Thread.SpinWait(1);
        }
    }

    public void Stop() => _isStopped = true;

    private void Loop(int worker)
    {
        var seen = 0;
        while (!_isStopped)
        {
            if (_ticket == seen)
            {
                Thread.SpinWait(1);
                continue;
            }

            seen = _ticket;
            Take(worker);
            Interlocked.Decrement(ref _running);
        }
    }

    private void Take(int worker)
    {
        while (true)
        {
            var start = Interlocked.Add(ref _next, _grain) - _grain;
            if (start >= _items)
            {
                return;
            }

            _work.Execute(start, Math.Min(_items, start + _grain), worker);
        }
    }
}
