namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Element-wise functions of two tensors.</summary>
internal enum BinaryKind
{
    Add,
    Subtract,
    Multiply,
    Divide,
    Minimum,
    Maximum,

    /// <summary>The first operand, times the second where it is below 0.</summary>
    PRelu,
}
