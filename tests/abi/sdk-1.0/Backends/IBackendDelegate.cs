namespace Tandem.Sdk;

/// <summary>A payload, ready to execute, with the state of one session.</summary>
/// <remarks>Threading: one thread at a time executes a delegate; delegates of different sessions execute in parallel and share only read-only data.</remarks>
public interface IBackendDelegate : IDisposable
{
    /// <summary>Runs the payload. Allocates nothing and takes no lock.</summary>
    /// <param name="context">Method name, cancellation and scratch memory; the same object for every call.</param>
    /// <param name="arguments">
    /// Inputs, then outputs, in the order of the delegate call. Outputs have memory for their upper bound; the delegate resizes them to the
    /// shape that it computed, before it writes them.
    /// </param>
    /// <exception cref="TandemException">Any; the session stays usable, the outputs are undefined.</exception>
    void Execute(DelegateExecuteContext context, Arguments arguments);
}
