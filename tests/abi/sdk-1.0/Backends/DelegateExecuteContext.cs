namespace Tandem.Sdk;

/// <summary>What a delegate is given for a call. Implemented by the host; one object for all calls of a session.</summary>
public abstract class DelegateExecuteContext
{
    /// <summary>Name of the method that is running.</summary>
    public abstract string MethodName { get; }

    /// <summary>Asks a long call to stop; a delegate looks at it between tiles of work.</summary>
    public abstract CancellationToken CancellationToken { get; }

    /// <summary>The host's compute threads.</summary>
    public abstract ComputePool Pool { get; }
}
