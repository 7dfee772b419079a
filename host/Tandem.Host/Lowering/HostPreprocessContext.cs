using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>What a preprocessor is given.</summary>
internal sealed class HostPreprocessContext(
    LoweringBackend backend, IReadOnlyList<PartitionedMethod> methods, NamedDataStore namedData, BackendCalls calls) : PreprocessContext
{
    public override string BackendId => backend.BackendId;

    public override IReadOnlyList<PartitionedMethod> Methods => methods;

    public override NamedDataStore NamedData => namedData;

    public override BackendOptions Options => backend.Options;

    public override CancellationToken CancellationToken => calls.CancellationToken;

    public override void ReportProgress(string step, double fraction) => calls.Report(backend, step, fraction);
}
