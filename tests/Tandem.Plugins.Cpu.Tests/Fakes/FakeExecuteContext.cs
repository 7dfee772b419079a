using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Tests.Fakes;

/// <summary>A call, with or without a listener.</summary>
internal sealed class FakeExecuteContext(ComputePool pool) : DelegateExecuteContext
{
    /// <summary>Names of the steps that were reported.</summary>
    public List<string>? Events { get; init; }

    public CancellationToken Token { get; init; }

    public override string MethodName => "forward";

    public override CancellationToken CancellationToken => Token;

    public override ComputePool Pool => pool;

    public override bool IsTracing => Events is not null;

    public override void RecordEvent(string name, int debugHandle, long startTimestamp, long endTimestamp) => Events!.Add(name);
}
