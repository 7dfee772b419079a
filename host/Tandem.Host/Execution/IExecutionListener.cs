namespace Tandem.Host.Execution;

/// <summary>Hears of every instruction of a session. While a session has none, nothing is measured.</summary>
/// <remarks>Threading: called on the thread that executes. Timestamps are <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/>.</remarks>
public interface IExecutionListener
{
    /// <summary>An instruction ended.</summary>
    /// <param name="method">Name of the method.</param>
    /// <param name="instruction">Index of the instruction.</param>
    /// <param name="target">Operator name, or backend id of the delegate.</param>
    /// <param name="startTimestamp">When it started.</param>
    /// <param name="endTimestamp">When it ended.</param>
    void Instruction(string method, int instruction, string target, long startTimestamp, long endTimestamp);

    /// <summary>A step inside a delegate ended.</summary>
    /// <param name="method">Name of the method.</param>
    /// <param name="step">The backend's name of the step.</param>
    /// <param name="debugHandle">Debug handle, or -1.</param>
    /// <param name="startTimestamp">When it started.</param>
    /// <param name="endTimestamp">When it ended.</param>
    void DelegateStep(string method, string step, int debugHandle, long startTimestamp, long endTimestamp)
    {
    }
}
