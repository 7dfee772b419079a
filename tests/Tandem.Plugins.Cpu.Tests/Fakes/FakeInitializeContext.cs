using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Tests.Fakes;

/// <summary>One delegate of one session of one program.</summary>
internal sealed class FakeInitializeContext(
    byte[] payload, int argumentCount, NamedDataMap namedData, DerivedDataCache programCache, BackendOptions options, long sessionId) : DelegateInitializeContext
{
    public FakeHandle Payload { get; } = new(payload);

    public override string MethodName => "forward";

    public override int DelegateIndex => 0;

    public override long ProgramId => 1;

    public override long SessionId => sessionId;

    public override DataHandle Processed => Payload;

    public override IReadOnlyList<CompileSpec> CompileSpecs => [];

    public override BackendOptions Options => options;

    public override NamedDataMap NamedData => namedData;

    public override DerivedDataCache ProgramCache => programCache;

    public override int ArgumentCount => argumentCount;

    public override CancellationToken CancellationToken => default;
}
