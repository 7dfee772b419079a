using System.Text;
using Tandem.Sdk;

namespace Tandem.Samples.Backend;

/// <summary>The run-time half: the weight is packed once, whatever the number of methods and sessions.</summary>
public sealed class SampleRuntime : IBackendRuntime
{
    public BackendAvailability GetAvailability() => new(true, "runs anywhere");

    public IBackendDelegate Initialize(DelegateInitializeContext context)
    {
        using var weight = context.NamedData.Get(Encoding.UTF8.GetString(context.Processed.Span).Split('\n')[0]);
        var packed = context.ProgramCache.GetOrCreate(
            new DerivedDataKey("SampleBackend", weight.ContentId, default, "pack v1"), weight, static handle => PackedWeight.Create(handle));
        return new SampleDelegate(packed);
    }

    public void Dispose()
    {
    }
}
