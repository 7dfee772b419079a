using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Decides whether work is worth other threads.</summary>
internal static class ParallelCost
{
    /// <summary>Below this much work the calling thread does it alone.</summary>
    private const double InlineMicroseconds = 8;

    /// <summary>Least work that is handed to a thread.</summary>
    private const double GrainMicroseconds = 4;

    /// <summary>Longest item: a call that is cancelled ends where an item ends.</summary>
    private const double LongestMicroseconds = 3000;

    /// <summary>Runs items on the pool if the whole is long enough, else here.</summary>
    /// <param name="pool">The pool; null: here.</param>
    /// <param name="items">Number of items.</param>
    /// <param name="operations">Multiplications and additions of all items together.</param>
    /// <param name="bytes">Bytes that all items together read and write.</param>
    /// <param name="width">Lanes of the rung.</param>
    /// <param name="work">The work.</param>
    public static void Run(ComputePool? pool, int items, double operations, double bytes, int width, IParallelWork work)
    {
        if (items <= 0)
        {
            return;
        }

        if (pool is not null && items > 1)
        {
            // A pool of one thread does long work in pieces, so that it can be cancelled.
            var microseconds = Microseconds(operations, bytes, width);
            if (microseconds >= (pool.ThreadCount > 1 ? InlineMicroseconds : LongestMicroseconds))
            {
                var grain = (int)Math.Ceiling(items * GrainMicroseconds / microseconds);
                if (grain < items)
                {
                    pool.Run(items, Math.Max(1, grain), work);
                    return;
                }
            }
        }

        work.Execute(0, items, 0);
    }

    /// <summary>How many items work should be cut into: enough to keep threads busy to the end, none shorter than is worth a thread.</summary>
    public static int Items(double microseconds, int threads) => microseconds < (threads == 1 ? LongestMicroseconds : InlineMicroseconds)
        ? 1
        : Math.Clamp(
            (int)Math.Min(microseconds / GrainMicroseconds, int.MaxValue) / threads, 1,
            Math.Max(threads == 1 ? 1 : 4, (int)Math.Min(microseconds / LongestMicroseconds, 4096) / threads)) * threads;

    /// <summary>A rough time for one thread.</summary>
    public static double Microseconds(double operations, double bytes, int width) =>
        Math.Max(operations / (7000.0 * Math.Min(width, 10)), bytes / 25000.0);
}
