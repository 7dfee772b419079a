using System.Diagnostics;
using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>Calls the ahead-of-time code of backends: an exception, a hang or a cancelled call ends the lowering with an error that names the backend.</summary>
/// <param name="limit">How long a call may take without a sign of life.</param>
/// <param name="progress">Who listens; null for nobody.</param>
/// <param name="cancellationToken">Cancels the lowering.</param>
internal sealed class BackendCalls(TimeSpan limit, IProgress<LoweringProgress>? progress, CancellationToken cancellationToken)
{
    // How long a call that was cancelled may take to notice.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private long _lastSign;

    internal CancellationToken CancellationToken => cancellationToken;

    /// <summary>Says that a step begins.</summary>
    internal void Report(LoweringStage stage, LoweringBackend backend, string? method = null) =>
        Report(stage, method is null ? backend.BackendId : $"{backend.BackendId}, {method}");

    /// <summary>Says that a step begins.</summary>
    internal void Report(LoweringStage stage, string subject)
    {
        cancellationToken.ThrowIfCancellationRequested();
        progress?.Report(new LoweringProgress(stage, subject));
    }

    /// <summary>Passes on what a backend says about its work.</summary>
    internal void Report(LoweringBackend backend, string step, double fraction)
    {
        Volatile.Write(ref _lastSign, Stopwatch.GetTimestamp());
        progress?.Report(new LoweringProgress(LoweringStage.Preprocess, backend.BackendId)
        {
            Step = step,
            Fraction = double.IsFinite(fraction) ? Math.Clamp(fraction, 0, 1) : 0,
        });
    }

    /// <summary>Runs code of a backend on a thread of its own.</summary>
    /// <param name="backend">The backend.</param>
    /// <param name="where">Method or partition, for messages; null for all.</param>
    /// <param name="call">The code.</param>
    /// <returns>What it returned.</returns>
    /// <exception cref="TandemException">
    /// The backend's own error, or <see cref="ErrorCode.BackendLoweringFailed"/> if it threw another exception or did not end within the limit. A call
    /// that does not end keeps its thread until the process ends.
    /// </exception>
    internal T Run<T>(LoweringBackend backend, string? where, Func<T> call)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Volatile.Write(ref _lastSign, Stopwatch.GetTimestamp());
        // Culture belongs to a thread; a backend's text must not depend on the caller's.
        var work = new BackendCall<T>(call);
        work.Start($"Tandem lowering: {backend.BackendId}");
        var cancelled = TimeSpan.MaxValue;
        while (!work.Wait(TimeSpan.FromMilliseconds(50)))
        {
            var now = Stopwatch.GetElapsedTime(Volatile.Read(ref _lastSign));
            if (now > limit)
            {
                throw new TandemException(ErrorCode.BackendLoweringFailed, "a backend did not end within its limit", new ErrorDetails
                {
                    File = backend.Title,
                    Location = where,
                    Expected = $"an end, or progress, within {limit.TotalSeconds:0.###} s",
                    NextStep = "ask the plugin's vendor, or raise BackendLimit",
                });
            }

            if (cancellationToken.IsCancellationRequested)
            {
                cancelled = cancelled == TimeSpan.MaxValue ? now : cancelled;
                if (now - cancelled > Grace)
                {
                    throw new OperationCanceledException(cancellationToken);
                }
            }
        }

        return work.Failure is { } failure ? throw Translate(failure, backend, where) : work.Result!;
    }

    private Exception Translate(Exception failure, LoweringBackend backend, string? where) => failure switch
    {
        OperationCanceledException when cancellationToken.IsCancellationRequested => new OperationCanceledException(failure.Message, failure, cancellationToken),
        TandemException typed => typed.With(new ErrorDetails { File = backend.Title, Location = where }),
        _ => new TandemException(ErrorCode.BackendLoweringFailed, "a backend threw while it lowered", new ErrorDetails
        {
            File = backend.Title,
            Location = where,
            Found = $"{failure.GetType().Name}: {failure.Message}",
            NextStep = "ask the plugin's vendor, or leave the backend out",
        }, failure),
    };
}
