using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>Has the host identify contents on all threads: it reads every byte of those that nobody has asked for before, and keeps what it found.</summary>
internal sealed class ContentIdentification : IParallelWork
{
    // Fewer bytes are hashed before a second thread has begun.
    private const long ParallelBytes = 1 << 18;

    private readonly DataHandle[] _handles;
    private int _next;

    private ContentIdentification(DataHandle[] handles) => _handles = handles;

    /// <summary>Identifies contents ahead; few bytes are left to those who ask for them.</summary>
    /// <param name="handles">The contents; sorted here.</param>
    /// <param name="pool">Threads; null: nothing is done.</param>
    public static void Run(DataHandle[] handles, ComputePool? pool)
    {
        if (pool is null || handles.Sum(static handle => handle.Length) < ParallelBytes)
        {
            return;
        }

        // The largest first, so that no thread is left with it at the end.
        Array.Sort(handles, static (left, right) => right.Length.CompareTo(left.Length));
        pool.Run(pool.ThreadCount, 1, new ContentIdentification(handles));
    }

    /// <inheritdoc/>
    public void Execute(int start, int end, int worker)
    {
        for (int i; (i = Interlocked.Increment(ref _next) - 1) < _handles.Length;)
        {
            _ = _handles[i].ContentId;
        }
    }
}
