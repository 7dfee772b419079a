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

    /// <summary>For each input the views of it: other tensors over the same memory.</summary>
    internal required TensorView[][] InputAliases { get; init; }

    /// <summary>For each input whether the program writes to its memory.</summary>
    internal required bool[] InputIsOverwritten { get; init; }

    /// <summary>For each output the views of it.</summary>
    internal required TensorView[][] OutputAliases { get; init; }

    internal required bool[] OutputIsBindable { get; init; }

    internal required DelegateCallContext DelegateContext { get; init; }
}
