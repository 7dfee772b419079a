using Tandem.Host.Kernels;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>One resolved instruction: nothing is looked up while it runs.</summary>
internal readonly struct Instruction
{
    internal InstructionKind Kind { get; init; }

    /// <summary>Value indices of a call.</summary>
    internal int[] Arguments { get; init; }

    /// <summary>The kernel of a kernel call.</summary>
    internal Kernel? Kernel { get; init; }

    /// <summary>The delegate of a delegate call.</summary>
    internal IBackendDelegate? Delegate { get; init; }

    /// <summary>Move: source. Jump: condition. Free: value.</summary>
    internal int Value { get; init; }

    /// <summary>Move: target. Jump: destination.</summary>
    internal int Target { get; init; }

    /// <summary>Operator name or backend id, for messages and listeners.</summary>
    internal string Name { get; init; }
}
