using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>What a backend is given to make one delegate.</summary>
internal sealed class DelegateInitialization(
    Session session, string methodName, int delegateIndex, DelegateModel model, DataHandle processed, BackendOptions options, int argumentCount)
    : DelegateInitializeContext
{
    public override string MethodName => methodName;

    public override int DelegateIndex => delegateIndex;

    public override long ProgramId => session.Program.Id;

    public override long SessionId => session.Id;

    public override DataHandle Processed => processed;

    public override IReadOnlyList<CompileSpec> CompileSpecs => model.CompileSpecs;

    public override BackendOptions Options => options;

    public override NamedDataMap NamedData => session.Program.NamedData;

    public override DerivedDataCache ProgramCache => session.Program.DerivedData;

    public override int ArgumentCount => argumentCount;

    public override CancellationToken CancellationToken => CancellationToken.None;
}
