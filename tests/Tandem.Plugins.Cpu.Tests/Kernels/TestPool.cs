using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

/// <summary>Real threads and ragged ranges, so that work that depends on order or shares scratch is found.</summary>
internal sealed class TestPool(int threadCount) : ComputePool
{
    public override int ThreadCount => threadCount;

    public int RunCount { get; private set; }

    public override void Run(int itemCount, int grain, IParallelWork work)
    {
        RunCount++;
        var next = 0;
        var size = Math.Max(1, grain);
        var threads = new Thread[threadCount];
        Exception? failure = null;
        for (var i = 0; i < threadCount; i++)
        {
            var worker = i;
            threads[i] = new Thread(() =>
            {
                try
                {
                    while (true)
                    {
                        var start = Interlocked.Add(ref next, size) - size;
                        if (start >= itemCount)
                        {
                            return;
                        }

                        work.Execute(start, Math.Min(itemCount, start + size), worker);
                    }
                }
                catch (Exception e)
                {
                    failure = e;
                }
            });
            threads[i].Start();
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }

        if (failure is not null)
        {
            throw failure;
        }
    }
}
