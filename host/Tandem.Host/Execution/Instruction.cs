using Tandem.Host.Kernels;

namespace Tandem.Host.Execution;

/// <summary>One resolved instruction, shared by sessions: nothing is looked up while it runs.</summary>
internal readonly struct Instruction
{
    internal InstructionKind Kind { get; init; }

    /// <summary>Places of a call's values: see <see cref="MethodCode"/>.</summary>
    internal int[] Arguments { get; init; }

    /// <summary>The kernel of a kernel call.</summary>
    internal Kernel? Kernel { get; init; }

    /// <summary>Delegate call: which of the method's delegates. Slots otherwise; move: source; jump: condition; free: value.</summary>
    internal int Value { get; init; }

    /// <summary>Move: target slot. Jump: destination.</summary>
    internal int Target { get; init; }

    /// <summary>Operator name or backend id, for messages and listeners.</summary>
    internal string Name { get; init; }
}
