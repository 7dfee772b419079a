using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>
/// Compute threads that spin for work and park when there is none. The caller works too, and never waits for a worker that has not begun: whatever
/// nobody has taken it does itself.
/// </summary>
internal sealed class ComputeThreadPool : ComputePool, IDisposable
{
    // The gate: Open while a job can be joined, plus one for each worker inside.
    private const int Open = 1 << 20;

    // Splitting finer than the threads evens out workers that begin late.
    private const int PartsPerThread = 3;

    // While a method executes, workers stay awake between its parallel steps; a long serial step lets them park all the same.
    private const int ExecutionSpinMicroseconds = 20_000;

    // Past this they offer their core to any other thread at each look.
    private const int YieldMicroseconds = 50;

    [ThreadStatic]
    private static bool t_isInside;

    private readonly Thread[] _threads;
    private readonly AutoResetEvent[] _wake;
    private readonly int[] _isParked;
    private readonly long _spinTicks;
    private readonly long _executionSpinTicks = ExecutionSpinMicroseconds * Stopwatch.Frequency / 1_000_000;
    private readonly long _yieldTicks = YieldMicroseconds * Stopwatch.Frequency / 1_000_000;
    private IParallelWork? _work;
    private int _itemCount;
    private readonly int[] _claims;
    private int _partCount;
    private int _ownerProcessor = -1;
    private int _unclaimed;
    private int _gate;
    private int _isOwned;
    private int _executions;
    private Exception? _failure;
    private volatile bool _isStopping;
    private int _isDisposed;

    /// <summary>Creates a pool.</summary>
    /// <param name="threadCount">Threads that work at once, the caller's included.</param>
    /// <param name="spinMicroseconds">How long a worker spins after the last work before it parks.</param>
    internal ComputeThreadPool(int threadCount, int spinMicroseconds = 200)
    {
        if (threadCount < 1 || threadCount > 1024)
        {
            throw new TandemException(ErrorCode.ConfigurationInvalid, "the number of compute threads is impossible",
                new ErrorDetails { Expected = "1 to 1024", Found = threadCount.ToString() });
        }

        ThreadCount = threadCount;
        _spinTicks = spinMicroseconds * Stopwatch.Frequency / 1_000_000;
        _threads = new Thread[threadCount - 1];
        _wake = new AutoResetEvent[threadCount - 1];
        _isParked = new int[threadCount - 1];
        _claims = new int[threadCount * PartsPerThread];
        for (var i = 0; i < _threads.Length; i++)
        {
            var index = i;
            _wake[i] = new AutoResetEvent(false);
            _threads[i] = new Thread(() => WorkerLoop(index)) { IsBackground = true, Name = $"Tandem compute {i + 1}" };
            _threads[i].Start();
        }
    }

    public override int ThreadCount { get; }

    // As many methods as threads execute: each has a core of its own, and a worker would only take turns with one of them.
    private bool HasNoCoreLeft => Volatile.Read(ref _executions) >= ThreadCount;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int itemCount, int grain, IParallelWork work)
    {
        if (itemCount <= 0)
        {
            return;
        }

        grain = Math.Max(grain, 1);
        if (itemCount <= grain || _threads.Length == 0 || t_isInside || _isStopping || HasNoCoreLeft || Interlocked.CompareExchange(ref _isOwned, 1, 0) != 0)
        {
            work.Execute(0, itemCount, 0);
            return;
        }

        t_isInside = true;
        _work = work;
        _itemCount = itemCount;
        _partCount = Math.Min(ThreadCount * PartsPerThread, itemCount / grain);
        Array.Clear(_claims, 0, _partCount);
        _unclaimed = _partCount;
        _failure = null;
        _ownerProcessor = Thread.GetCurrentProcessorId();

        // A full fence: a worker that parks sees the open gate, or is seen as parked.
        Interlocked.Exchange(ref _gate, Open);
        WakeParked(_partCount - 1);
        TakeParts(worker: 0);

        // Nobody enters from here on; those inside finish the chunk that they have.
        if (Interlocked.Add(ref _gate, -Open) != 0)
        {
            var spin = default(SpinWait);
            while (Volatile.Read(ref _gate) != 0)
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }
        }

        var failure = _failure;
        _work = null;
        t_isInside = false;
        Volatile.Write(ref _isOwned, 0);
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _isStopping = true;

        // A job that runs ends first: its owner still wakes workers.
        var spin = default(SpinWait);
        while (Interlocked.CompareExchange(ref _isOwned, 1, 0) != 0)
        {
            spin.SpinOnce();
        }

        for (var i = 0; i < _threads.Length; i++)
        {
            _wake[i].Set();
        }

        for (var i = 0; i < _threads.Length; i++)
        {
            _threads[i].Join();
            _wake[i].Dispose();
        }
    }

    /// <summary>A method starts to execute: workers stay awake between its parallel steps.</summary>
    internal void EnterExecution()
    {
        _ownerProcessor = Thread.GetCurrentProcessorId();
        Interlocked.Increment(ref _executions);
    }

    /// <summary>A method ended.</summary>
    internal void LeaveExecution() => Interlocked.Decrement(ref _executions);

    // Each thread begins with its own share, so that the same thread finds the same rows of one layer after another in its cache; what is left
    // it takes from the others, from their end.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TakeParts(int worker)
    {
        try
        {
            var (work, parts) = (_work!, _partCount);
            var (first, last) = ((int)((long)worker * parts / ThreadCount), (int)((long)(worker + 1) * parts / ThreadCount));
            for (var part = first; part < last; part++)
            {
                Take(work, part, worker);
            }

            for (var part = parts - 1; part >= 0 && Volatile.Read(ref _unclaimed) > 0; part--)
            {
                Take(work, part, worker);
            }
        }
        catch (Exception error)
        {
            Interlocked.CompareExchange(ref _failure, error, null);
        }
    }

    private void Take(IParallelWork work, int part, int worker)
    {
        if (Volatile.Read(ref _claims[part]) == 0 && Interlocked.CompareExchange(ref _claims[part], 1, 0) == 0)
        {
            Interlocked.Decrement(ref _unclaimed);
            work.Execute((int)((long)part * _itemCount / _partCount), (int)((long)(part + 1) * _itemCount / _partCount), worker);
        }
    }

    private void WakeParked(int helpers)
    {
        for (var i = 0; i < _isParked.Length && helpers > 0; i++, helpers--)
        {
            if (Volatile.Read(ref _isParked[i]) != 0 && Interlocked.Exchange(ref _isParked[i], 0) != 0)
            {
                _wake[i].Set();
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WorkerLoop(int index)
    {
        t_isInside = true;
        var idleSince = Stopwatch.GetTimestamp();
        var spins = 0;
        while (!_isStopping)
        {
            var gate = Volatile.Read(ref _gate);
            if (gate >= Open && Volatile.Read(ref _unclaimed) > 0)
            {
                if (Interlocked.CompareExchange(ref _gate, gate + 1, gate) == gate)
                {
                    TakeParts(index + 1);
                    Interlocked.Decrement(ref _gate);
                    idleSince = Stopwatch.GetTimestamp();
                }

                continue;
            }

            Thread.SpinWait(8);
            if ((++spins & 63) != 0)
            {
                continue;
            }

            var idle = Stopwatch.GetTimestamp() - idleSince;
            if (HasNoCoreLeft || idle > (Volatile.Read(ref _executions) > 0 ? _executionSpinTicks : _spinTicks))
            {
                Park(index);
                idleSince = Stopwatch.GetTimestamp();
            }
            else if (idle > _yieldTicks)
            {
                LeaveOwnersProcessor();
                Thread.Yield();
            }
        }
    }

    private void Park(int index)
    {
        Volatile.Write(ref _isParked[index], 1);
        Interlocked.MemoryBarrier();

        // A job that opened before the flag was seen would wake nobody: look once more.
        if (Volatile.Read(ref _gate) >= Open || _isStopping)
        {
            if (Interlocked.Exchange(ref _isParked[index], 0) != 0)
            {
                return;
            }
        }

        _wake[index].WaitOne();
        LeaveOwnersProcessor();
    }

    private void LeaveOwnersProcessor()
    {
        var owner = Volatile.Read(ref _ownerProcessor);
        if (owner >= 0 && Thread.GetCurrentProcessorId() == owner)
        {
            ThreadPlacement.Leave(owner);
        }
    }
}
