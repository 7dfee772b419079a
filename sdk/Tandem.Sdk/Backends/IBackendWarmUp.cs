namespace Tandem.Sdk;

/// <summary>
/// A capability that an <see cref="IBackendRuntime"/> may implement: does ahead what the first programs would wait for, such as compiling kernels or
/// opening a device.
/// </summary>
/// <remarks>
/// Nothing depends on it: a backend that was not warmed up does the same when it is needed. Threading: the host calls it on any thread, at most once at a
/// time, and possibly while programs load and run.
/// </remarks>
public interface IBackendWarmUp
{
    /// <summary>
    /// Full paths of small programs that the host loads and executes once with zeros, after <see cref="WarmUp"/>: what a program waits for in host and
    /// backend together. One that is not there is left out.
    /// </summary>
    IReadOnlyList<string> Programs => [];

    /// <summary>Warms up; takes as long as it needs, and less each time it is called again.</summary>
    /// <param name="cancellationToken">Ends it early; what is not done then is done when it is needed.</param>
    /// <exception cref="TandemException">What a program would be told that needs the same thing.</exception>
    void WarmUp(CancellationToken cancellationToken);
}
