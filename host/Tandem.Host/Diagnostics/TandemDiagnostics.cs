using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tandem.Sdk;

namespace Tandem.Host.Diagnostics;

/// <summary>Names of the traces and measurements that the host offers to listeners (OpenTelemetry, dotnet-counters).</summary>
/// <remarks>Nothing is measured or allocated while nobody listens.</remarks>
public static class TandemDiagnostics
{
    /// <summary>Name of the <see cref="ActivitySource"/> and of the <see cref="Meter"/>.</summary>
    public const string Name = "Tandem";

    internal static readonly ActivitySource Activities = new(Name, SdkVersion.Current.ToString());

    internal static readonly Meter Meter = new(Name, SdkVersion.Current.ToString());

    internal static readonly Histogram<double> ExecutionDuration =
        Meter.CreateHistogram<double>("tandem.execution.duration", "s", "Duration of an execution of a method.");

    internal static readonly Counter<long> ExecutionFailures =
        Meter.CreateCounter<long>("tandem.execution.failures", "{execution}", "Executions that ended with an error or were cancelled.");

    internal static readonly UpDownCounter<long> Programs = Meter.CreateUpDownCounter<long>("tandem.programs", "{program}", "Programs that are loaded.");

    internal static readonly UpDownCounter<long> Sessions = Meter.CreateUpDownCounter<long>("tandem.sessions", "{session}", "Sessions that are open.");
}
