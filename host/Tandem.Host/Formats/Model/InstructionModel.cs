using System.Collections.Immutable;

namespace Tandem.Host.Formats.Model;

/// <summary>One instruction of a chain.</summary>
public abstract record InstructionModel
{
    /// <summary>Calls an operator; the last arguments are its outputs.</summary>
    /// <param name="OperatorIndex">Index into the plan's operators.</param>
    /// <param name="Arguments">Value indices.</param>
    public sealed record KernelCall(int OperatorIndex, ImmutableArray<int> Arguments) : InstructionModel;

    /// <summary>Calls a delegate: inputs, then outputs.</summary>
    /// <param name="DelegateIndex">Index into the plan's delegates.</param>
    /// <param name="Arguments">Value indices.</param>
    public sealed record DelegateCall(int DelegateIndex, ImmutableArray<int> Arguments) : InstructionModel;

    /// <summary>Copies a value's handle, not its bytes.</summary>
    /// <param name="From">Value index.</param>
    /// <param name="To">Value index.</param>
    public sealed record Move(int From, int To) : InstructionModel;

    /// <summary>Jumps if a Bool, or any element of a Bool tensor, is false.</summary>
    /// <param name="Condition">Value index.</param>
    /// <param name="Destination">Index of the next instruction; may be one past the last.</param>
    public sealed record JumpFalse(int Condition, int Destination) : InstructionModel;

    /// <summary>Drops a tensor's memory.</summary>
    /// <param name="Value">Value index.</param>
    public sealed record Free(int Value) : InstructionModel;
}
