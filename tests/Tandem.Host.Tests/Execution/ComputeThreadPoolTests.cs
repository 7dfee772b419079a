using System.Diagnostics;
using Tandem.Host.Execution;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Execution;

public sealed class ComputeThreadPoolTests
{
    private sealed class Work(Action<int, int, int> body) : IParallelWork
    {
        public void Execute(int start, int end, int worker) => body(start, end, worker);
    }

    private sealed class Sum(int count) : IParallelWork
    {
        internal readonly int[] Seen = new int[count];

        public void Execute(int start, int end, int worker)
        {
            for (var i = start; i < end; i++)
            {
                Interlocked.Increment(ref Seen[i]);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void EveryItemRunsOnce(int threads)
    {
        using var pool = new ComputeThreadPool(threads);
        Assert.Equal(threads, pool.ThreadCount);
        foreach (var count in (int[])[1, 2, 3, 7, 64, 1000])
        {
            foreach (var grain in (int[])[0, 1, 3, 2000])
            {
                var work = new Sum(count);
                pool.Run(count, grain, work);
                Assert.All(work.Seen, seen => Assert.Equal(1, seen));
            }
        }

        pool.Run(0, 1, new Work((_, _, _) => Assert.Fail("there is nothing to do")));
    }

    [Fact]
    public void RangesNearTheGreatestCountStayInside()
    {
        using var pool = new ComputeThreadPool(3);
        long total = 0;
        pool.Run(int.MaxValue, 1, new Work((start, end, _) =>
        {
            Assert.InRange(start, 0, end - 1);
            Interlocked.Add(ref total, end - start);
        }));
        Assert.Equal(int.MaxValue, total);
    }

    [Fact]
    public void WorkerIndicesAreDistinctAtAnyTime()
    {
        using var pool = new ComputeThreadPool(4);
        var busy = new int[4];
        pool.Run(400, 1, new Work((_, _, worker) =>
        {
            Assert.Equal(1, Interlocked.Increment(ref busy[worker]));
            Thread.SpinWait(200);
            Interlocked.Decrement(ref busy[worker]);
        }));
    }

    // Defect 1 of the prototype: the join waited for workers that had no core. Here no worker can begin: the one thread is held by another job's chunk.
    [Fact]
    public void CallerDoesWhatNoWorkerHasBegun()
    {
        using var pool = new ComputeThreadPool(2, spinMicroseconds: 0);
        using var release = new ManualResetEventSlim();
        using var held = new CountdownEvent(2);
        var owner = new Thread(() => pool.Run(2, 1, new Work((_, _, _) =>
        {
            held.Signal();
            release.Wait();
        })));
        owner.Start();
        Assert.True(held.Wait(TimeSpan.FromSeconds(30)), "both threads of the pool are held");

        // Another thread's call runs inline meanwhile, whole.
        var work = new Sum(100);
        pool.Run(100, 1, work);
        Assert.All(work.Seen, seen => Assert.Equal(1, seen));
        release.Set();
        owner.Join();
    }

    // Defect 2: the caller waited for "idle" while the worker had gone on to "parked", and hung.
    [Fact]
    public void WorkersThatParkAtOnceNeverHangTheCaller()
    {
        using var pool = new ComputeThreadPool(3, spinMicroseconds: 0);
        var work = new Sum(9);
        var until = Stopwatch.GetTimestamp() + Stopwatch.Frequency;
        var rounds = 0;
        while (Stopwatch.GetTimestamp() < until)
        {
            pool.Run(9, 1, work);
            rounds++;
            if (rounds % 64 == 0)
            {
                Thread.Sleep(1);
            }
        }

        Assert.All(work.Seen, seen => Assert.Equal(rounds, seen));
    }

    // Defect 3: after a gap inside one execution the parked worker was never used again.
    [Fact]
    public void WorkersTakePartAgainAfterGaps()
    {
        using var pool = new ComputeThreadPool(2, spinMicroseconds: 0);
        for (var round = 0; round < 5; round++)
        {
            Thread.Sleep(5);
            var byWorker = 0;
            var watch = Stopwatch.StartNew();

            // The caller waits inside its chunk until the worker has come, or the time is up.
            pool.Run(2, 1, new Work((_, _, worker) =>
            {
                if (worker != 0)
                {
                    Volatile.Write(ref byWorker, 1);
                }

                while (Volatile.Read(ref byWorker) == 0 && watch.Elapsed < TimeSpan.FromSeconds(10))
                {
                    Thread.Yield();
                }
            }));
            Assert.Equal(1, byWorker);
        }
    }

    [Fact]
    public void NestedCallsRunInline()
    {
        using var pool = new ComputeThreadPool(3);
        var total = 0;
        pool.Run(6, 1, new Work((start, end, _) =>
        {
            var thread = Environment.CurrentManagedThreadId;
            for (var i = start; i < end; i++)
            {
                pool.Run(10, 1, new Work((from, to, _) =>
                {
                    Assert.Equal(thread, Environment.CurrentManagedThreadId);
                    Interlocked.Add(ref total, to - from);
                }));
            }
        }));
        Assert.Equal(60, total);
    }

    [Fact]
    public void ExceptionsReachTheCallerAndThePoolStaysUsable()
    {
        using var pool = new ComputeThreadPool(3);
        for (var i = 0; i < 50; i++)
        {
            var error = Assert.Throws<InvalidOperationException>(() => pool.Run(30, 1, new Work((start, _, _) =>
            {
                if (start >= 10)
                {
                    throw new InvalidOperationException("on purpose");
                }
            })));
            Assert.Equal("on purpose", error.Message);
            var work = new Sum(30);
            pool.Run(30, 1, work);
            Assert.All(work.Seen, seen => Assert.Equal(1, seen));
        }
    }

    [Fact]
    public void CallsFromManyThreadsAllComplete()
    {
        using var pool = new ComputeThreadPool(3);
        var threads = Enumerable.Range(0, 6).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < 500; i++)
            {
                var work = new Sum(17);
                pool.Run(17, 1, work);
                Assert.All(work.Seen, seen => Assert.Equal(1, seen));
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => Assert.True(thread.Join(TimeSpan.FromSeconds(60))));
    }

    [Fact]
    public void RunAllocatesNothing()
    {
        using var pool = new ComputeThreadPool(2);
        var work = new Sum(8);
        pool.Run(8, 1, work);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            pool.Run(8, 1, work);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void AsManyExecutionsAsThreadsLeaveNoneForOthers()
    {
        using var pool = new ComputeThreadPool(2);
        pool.EnterExecution();
        pool.EnterExecution();
        for (var i = 0; i < 50; i++)
        {
            var work = new OwnThreadWork();
            pool.Run(1000, 1, work);
            Assert.Equal((1000, 0), (work.Items, work.OnOtherThreads));
        }

        pool.LeaveExecution();
        var shared = new OwnThreadWork();
        for (var i = 0; i < 1000 && shared.OnOtherThreads == 0; i++)
        {
            pool.Run(1000, 1, shared);
        }

        pool.LeaveExecution();
        Assert.True(shared.OnOtherThreads > 0);
    }

    private sealed class OwnThreadWork : IParallelWork
    {
        private readonly int _thread = Environment.CurrentManagedThreadId;
        private int _items;
        private int _onOtherThreads;

        public int Items => _items;

        public int OnOtherThreads => _onOtherThreads;

        public void Execute(int start, int end, int worker)
        {
            Interlocked.Add(ref _items, end - start);
            if (Environment.CurrentManagedThreadId != _thread)
            {
                Interlocked.Add(ref _onOtherThreads, end - start);
            }

            Thread.SpinWait(200 * (end - start));
        }
    }

    [Fact]
    public void DisposeJoinsAndMayBeRepeated()
    {
        var pool = new ComputeThreadPool(4);
        var work = new Sum(10);
        pool.Run(10, 1, work);
        pool.Dispose();
        pool.Dispose();

        // Late calls run on the caller's thread.
        pool.Run(10, 1, work);
        Assert.All(work.Seen, seen => Assert.Equal(2, seen));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(100_000)]
    public void ImpossibleSizesAreRefused(int threads) =>
        Assert.Equal(ErrorCode.ConfigurationInvalid, Assert.Throws<TandemException>(() => new ComputeThreadPool(threads)).Code);
}
