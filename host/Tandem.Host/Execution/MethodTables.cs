using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>What <see cref="MethodLoader"/> made for a method.</summary>
internal sealed class MethodTables
{
    internal required MethodInfo Info { get; init; }

    internal required EValue[] Values { get; init; }

    internal required Instruction[] Code { get; init; }

    internal required int[] Inputs { get; init; }

    internal required int[] Outputs { get; init; }

    internal required bool[] OutputIsBindable { get; init; }

    internal required DelegateCallContext DelegateContext { get; init; }
}
