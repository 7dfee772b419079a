using Tandem.Host.Formats.Model;

namespace Tandem.Host.Execution;

/// <summary>Name, inputs and outputs of a method.</summary>
public sealed class MethodInfo
{
    internal MethodInfo(ExecutionPlanModel plan)
    {
        Name = plan.Name;
        Inputs = [.. plan.Inputs.Select(index => new MethodValueInfo(plan.Values[index]))];
        Outputs = [.. plan.Outputs.Select(index => new MethodValueInfo(plan.Values[index]))];
    }

    /// <summary>Name of the method.</summary>
    public string Name { get; }

    /// <summary>Inputs in order.</summary>
    public IReadOnlyList<MethodValueInfo> Inputs { get; }

    /// <summary>Outputs in order.</summary>
    public IReadOnlyList<MethodValueInfo> Outputs { get; }
}
