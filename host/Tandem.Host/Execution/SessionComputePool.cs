using System.Diagnostics;
using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>
/// The compute threads as one session uses them: with a token that can be cancelled, ranges are done in pieces of about half a millisecond, and none is
/// begun after the token was. Kernels and backends look at no token: their tiles end where the pieces do.
/// </summary>
/// <remarks>Threading: as the session, one caller at a time. Nothing is allocated.</remarks>
internal sealed class SessionComputePool(ComputePool threads) : ComputePool, IParallelWork
{
    private static readonly long PieceTicks = Stopwatch.Frequency / 2000;

    private IParallelWork? _work;
    private int _grain;

    public override int ThreadCount => threads.ThreadCount;

    /// <summary>The token of the call that runs.</summary>
    internal CancellationToken Cancellation { get; set; }

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The call was cancelled; what the work has done so far is undefined.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(int itemCount, int grain, IParallelWork work)
    {
        // Work that runs work itself is inside a piece already.
        if (!Cancellation.CanBeCanceled || _work is not null || itemCount <= 0)
        {
            threads.Run(itemCount, grain, work);
            return;
        }

        _work = work;
        _grain = Math.Max(grain, 1);
        try
        {
            threads.Run(itemCount, grain, this);
        }
        finally
        {
            _work = null;
        }

        Cancellation.ThrowIfCancellationRequested();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void IParallelWork.Execute(int start, int end, int worker)
    {
        var (work, piece, cancellation) = (_work!, _grain, Cancellation);
        while (start < end && !cancellation.IsCancellationRequested)
        {
            var next = end - start <= piece ? end : start + piece;
            var begin = Stopwatch.GetTimestamp();
            work.Execute(start, next, worker);
            start = next;
            if (Stopwatch.GetTimestamp() - begin < PieceTicks && piece <= int.MaxValue / 2)
            {
                piece *= 2;
            }
        }
    }
}
