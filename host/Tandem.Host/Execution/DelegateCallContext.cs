using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>What the delegates of one method are given for a call.</summary>
internal sealed class DelegateCallContext(string methodName, SessionScratch scratch) : DelegateExecuteContext
{
    public override string MethodName => methodName;

    public override CancellationToken CancellationToken => scratch.Cancellation;

    public override ComputePool Pool => scratch.Pool;

    public override bool IsTracing => Listener is not null;

    internal IExecutionListener? Listener { get; set; }

    public override void RecordEvent(string name, int debugHandle, long startTimestamp, long endTimestamp) =>
        Listener?.DelegateStep(methodName, name, debugHandle, startTimestamp, endTimestamp);
}
