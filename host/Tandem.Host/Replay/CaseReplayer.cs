using Tandem.Host.Execution;
using Tandem.Sdk;

namespace Tandem.Host.Replay;

/// <summary>Runs the calls of a recorded case in order on one session, and compares.</summary>
public static class CaseReplayer
{
    /// <summary>Replays a case.</summary>
    /// <param name="session">A fresh session of the program; not owned.</param>
    /// <param name="recorded">The case.</param>
    /// <param name="cancellation">Stops between instructions.</param>
    /// <returns>How it ended. A call that fails makes its outputs disagree; the calls after it still run.</returns>
    public static CaseResult Replay(Session session, ReplayCase recorded, CancellationToken cancellation = default)
    {
        var (outputs, agreeing, problems) = (0, 0, new List<string>());
        foreach (var call in recorded.Calls)
        {
            outputs += call.Outputs.Count;
            try
            {
                agreeing += Replay(session.GetMethod(call.Method), recorded, call, problems, cancellation);
            }
            catch (TandemException error)
            {
                problems.Add($"call {call.Index} {call.Method}: {error.Message}");
            }
        }

        return new CaseResult(recorded.Name, outputs, agreeing, problems);
    }

    private static int Replay(Method method, ReplayCase recorded, ReplayCall call, List<string> problems, CancellationToken cancellation)
    {
        MethodInputs.Set(method, call.Inputs);
        method.Execute(cancellation);
        if (method.Info.Outputs.Count < call.Outputs.Count)
        {
            problems.Add($"call {call.Index} {call.Method}: {method.Info.Outputs.Count} outputs for {call.Outputs.Count} recorded");
            return 0;
        }

        var agreeing = 0;
        for (var i = 0; i < call.Outputs.Count; i++)
        {
            var problem = OutputComparison.Compare(method.GetOutputValue(i), call.Outputs[i], recorded.AbsoluteTolerance, recorded.RelativeTolerance);
            if (problem is null)
            {
                agreeing++;
            }
            else
            {
                problems.Add($"call {call.Index} {call.Method}, output {i}: {problem}");
            }
        }

        return agreeing;
    }
}
