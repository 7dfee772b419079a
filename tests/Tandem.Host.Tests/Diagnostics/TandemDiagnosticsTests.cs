using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tandem.Host.Diagnostics;
using Tandem.Host.Tests.Execution;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Diagnostics;

[Collection(ProcessWideCollection.Name)]
public sealed class TandemDiagnosticsTests
{
    [Fact]
    public void ExecutionsAreTracedAndMeasuredWhileSomebodyListens()
    {
        // A method name of this test's own: other tests execute at the same time.
        const string good = "diagnostics_good";
        const string bad = "diagnostics_bad";
        var activities = new List<(string Method, ActivityStatusCode Status)>();
        var measured = new List<(string Instrument, string Method)>();
        using var activityListener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == TandemDiagnostics.Name,
            Sample = static (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("tandem.method") is string method && method.StartsWith("diagnostics_", StringComparison.Ordinal))
                {
                    activities.Add((method, activity.Status));
                }
            },
        };
        ActivitySource.AddActivityListener(activityListener);
        using var meterListener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == TandemDiagnostics.Name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        meterListener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            Assert.True(value >= 0);
            Record(instrument, tags);
        });
        meterListener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Record(instrument, tags));
        meterListener.Start();

        using var host = new TestHost();
        using var program = host.Load(new PlanBuilder(good), new PlanBuilder(bad).Call("test::refuse"));
        using var session = program.CreateSession();
        session.GetMethod(good).Execute();
        Assert.Throws<TandemException>(() => session.GetMethod(bad).Execute());
        Assert.Equal([(good, ActivityStatusCode.Ok), (bad, ActivityStatusCode.Error)], activities);
        Assert.Equal([("tandem.execution.duration", good), ("tandem.execution.duration", bad), ("tandem.execution.failures", bad)], measured);

        void Record(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (var tag in tags)
            {
                if (tag.Key == "tandem.method" && tag.Value is string method && method.StartsWith("diagnostics_", StringComparison.Ordinal))
                {
                    measured.Add((instrument.Name, method));
                }
            }
        }
    }
}
