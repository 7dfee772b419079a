namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>[Base + Index * Scale + Displacement].</summary>
/// <param name="Base">The base register.</param>
/// <param name="Displacement">Bytes.</param>
/// <param name="Index">The index register; <see cref="Register.Rsp"/> stands for none, as in the instruction itself.</param>
/// <param name="Scale">1, 2, 4 or 8.</param>
internal readonly record struct MemoryOperand(Register Base, int Displacement = 0, Register Index = Register.Rsp, int Scale = 1);
