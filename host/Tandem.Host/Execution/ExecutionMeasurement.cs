using System.Diagnostics;
using Tandem.Host.Diagnostics;

namespace Tandem.Host.Execution;

/// <summary>One execution as listeners of <see cref="TandemDiagnostics"/> see it; nothing while there are none.</summary>
internal readonly ref struct ExecutionMeasurement
{
    private readonly Activity? _activity;
    private readonly Program _program;
    private readonly string _method;
    private readonly long _start;

    private ExecutionMeasurement(Program program, string method)
    {
        _program = program;
        _method = method;
        if (TandemDiagnostics.Activities.HasListeners())
        {
            _activity = TandemDiagnostics.Activities.StartActivity("tandem.execute");
            _activity?.SetTag("tandem.program", program.Name).SetTag("tandem.method", method);
        }

        _start = TandemDiagnostics.ExecutionDuration.Enabled ? Stopwatch.GetTimestamp() : 0;
    }

    internal static ExecutionMeasurement Start(Program program, string method) => new(program, method);

    internal void Stop(bool isDone)
    {
        if (_start != 0)
        {
            TandemDiagnostics.ExecutionDuration.Record(Stopwatch.GetElapsedTime(_start).TotalSeconds, new TagList { { "tandem.program", _program.Name }, { "tandem.method", _method } });
        }

        if (!isDone && TandemDiagnostics.ExecutionFailures.Enabled)
        {
            TandemDiagnostics.ExecutionFailures.Add(1, new TagList { { "tandem.program", _program.Name }, { "tandem.method", _method } });
        }

        if (_activity is not null)
        {
            _activity.SetStatus(isDone ? ActivityStatusCode.Ok : ActivityStatusCode.Error);
            _activity.Dispose();
        }
    }
}
