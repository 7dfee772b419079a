using System.Diagnostics;
using Tandem.Host.Execution;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Execution;

public sealed class SessionComputePoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Long_work_ends_soon_after_the_call_is_cancelled(int threads)
    {
        using var pool = new ComputeThreadPool(threads);
        using var cancellation = new CancellationTokenSource();
        var session = new SessionComputePool(pool) { Cancellation = cancellation.Token };
        var work = new SlowWork(() => cancellation.Cancel(), cancelAfter: 20);
        Assert.Throws<OperationCanceledException>(() => session.Run(5000, 1, work));

        // Pieces of at most about a millisecond of items of 200 us: those that were begun end.
        Assert.InRange(work.Items, 20, 20 + (threads * 10));

        // The next call runs to its end.
        session.Cancellation = default;
        work = new SlowWork(() => { }, cancelAfter: int.MaxValue);
        session.Run(30, 1, work);
        Assert.Equal(30, work.Items);
    }

    [Fact]
    public void Every_item_is_done_once_whatever_the_pieces_are()
    {
        using var pool = new ComputeThreadPool(3);
        using var cancellation = new CancellationTokenSource();
        var session = new SessionComputePool(pool) { Cancellation = cancellation.Token };
        foreach (var (items, grain) in new[] { (1, 1), (7, 3), (1000, 1), (1000, 17), (100_000, 5), (12, 100), (0, 1), (-1, 1) })
        {
            var work = new CountingWork(Math.Max(items, 0));
            session.Run(items, grain, work);
            Assert.All(work.Counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Work_that_runs_work_is_done_inline()
    {
        using var pool = new ComputeThreadPool(2);
        using var cancellation = new CancellationTokenSource();
        var session = new SessionComputePool(pool) { Cancellation = cancellation.Token };
        var inner = new CountingWork(64);
        session.Run(1, 1, new CallingWork(() => session.Run(64, 1, inner)));
        Assert.All(inner.Counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public void A_failure_is_thrown_and_the_pool_stays_usable()
    {
        using var pool = new ComputeThreadPool(2);
        using var cancellation = new CancellationTokenSource();
        var session = new SessionComputePool(pool) { Cancellation = cancellation.Token };
        Assert.Throws<InvalidOperationException>(() => session.Run(100, 1, new CallingWork(() => throw new InvalidOperationException())));
        var work = new CountingWork(100);
        session.Run(100, 1, work);
        Assert.All(work.Counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        using var pool = new ComputeThreadPool(2);
        using var cancellation = new CancellationTokenSource();
        var session = new SessionComputePool(pool) { Cancellation = cancellation.Token };
        var work = new CountingWork(1000);
        session.Run(1000, 1, work);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            session.Run(1000, 1, work);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private sealed class SlowWork(Action cancel, int cancelAfter) : IParallelWork
    {
        private int _items;

        public int Items => _items;

        public void Execute(int start, int end, int worker)
        {
            for (var i = start; i < end; i++)
            {
                var begin = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(begin).TotalMicroseconds < 200)
                {
                }

                if (Interlocked.Increment(ref _items) == cancelAfter)
                {
                    cancel();
                }
            }
        }
    }

    private sealed class CountingWork(int items) : IParallelWork
    {
        public int[] Counts { get; } = new int[items];

        public void Execute(int start, int end, int worker)
        {
            for (var i = start; i < end; i++)
            {
                Interlocked.Increment(ref Counts[i]);
            }
        }
    }

    private sealed class CallingWork(Action action) : IParallelWork
    {
        public void Execute(int start, int end, int worker) => action();
    }
}
