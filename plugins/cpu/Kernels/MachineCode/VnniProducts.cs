namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>
/// The inner loop of tiles of 8-bit weights, and the registers that it and they agree on: vector registers that neither calling convention wants back, zmm16 to
/// zmm31 and zmm0 to zmm5.
/// </summary>
internal static class VnniProducts
{
    /// <summary>First of the vector registers of weights, one for each panel.</summary>
    public const int Weights = 0;

    /// <summary>Vector register of a row's activations.</summary>
    public const int Row = 4;

    /// <summary>Vector register that makes signed activations unsigned.</summary>
    public const int SignBits = 5;

    /// <summary>First of the vector registers of sums, row by row.</summary>
    public const int Sums = 16;

    /// <summary>Addresses of the rows.</summary>
    public static ReadOnlySpan<Register> Rows => [Register.R8, Register.R9, Register.R10, Register.R11, Register.Rbp, Register.R12];

    /// <summary>
    /// Appends the loop over one segment, four steps of K at a time. Rbx counts from 0 to the segment's length in rdx; rax points to weights and is moved
    /// on, and so is rdi with four panels; rsi holds the bytes from one panel to the next.
    /// </summary>
    public static void Write(X64Assembler code, int rows, int panels)
    {
        code.SetImmediate(Register.Rbx, 0);
        var step = code.Position;
        for (var panel = 0; panel < panels; panel++)
        {
            code.Load(Weights + panel, panel switch
            {
                0 => new MemoryOperand(Register.Rax),
                1 => new MemoryOperand(Register.Rax, 0, Register.Rsi, 1),
                2 => new MemoryOperand(Register.Rax, 0, Register.Rsi, 2),
                _ => new MemoryOperand(Register.Rdi),
            });
        }

        for (var row = 0; row < rows; row++)
        {
            code.XorBroadcast(Row, SignBits, new(Rows[row], 0, Register.Rbx, 1));
            for (var panel = 0; panel < panels; panel++)
            {
                code.DotUnsignedSigned(Sums + (row * panels) + panel, Row, Weights + panel);
            }
        }

        code.Add(Register.Rax, 64);
        if (panels == 4)
        {
            code.Add(Register.Rdi, 64);
        }

        code.Add(Register.Rbx, 4);
        code.Compare(Register.Rbx, Register.Rdx);
        code.JumpIfBelow(step);
    }
}
