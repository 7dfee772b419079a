namespace Tandem.Host.Execution;

/// <summary>The five instructions of ExecuTorch.</summary>
internal enum InstructionKind : byte
{
    Kernel,
    Delegate,
    Move,
    JumpFalse,
    Free,
}
