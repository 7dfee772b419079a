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

    /// <summary>Whether somebody listens to <see cref="RecordEvent"/>. When false, a delegate takes no timestamps.</summary>
    public virtual bool IsTracing => false;

    /// <summary>Reports a step of the delegate to the host's event listeners.</summary>
    /// <param name="name">Name of the step.</param>
    /// <param name="debugHandle">The debug handle that the payload carries, or -1.</param>
    /// <param name="startTimestamp"><see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> at the start.</param>
    /// <param name="endTimestamp">The same at the end.</param>
    public virtual void RecordEvent(string name, int debugHandle, long startTimestamp, long endTimestamp)
    {
    }
}
