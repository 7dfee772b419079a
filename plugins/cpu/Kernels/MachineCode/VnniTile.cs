namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>
/// Writes one tile: sums of products of signed bytes, (a + 128) * b over all segments, for some rows by some panels of 16 columns. What is added by
/// the 128 is known when weights are packed: 128 times the sum of a column. It is there because VPDPBUSD takes one side unsigned.
/// </summary>
internal static class VnniTile
{
    private const int OffsetsField = 0;
    private const int SegmentCountField = 8;
    private const int SegmentLengthField = 16;
    private const int WeightsField = 24;
    private const int PanelStrideField = 32;
    private const int SumsField = 40;
    private const int RowsField = 48;

    // Registers that neither calling convention wants back: zmm16 to zmm31, zmm0 to zmm5.
    private const int Weights = 0;
    private const int Row = 4;
    private const int SignBits = 5;
    private const int Sums = 16;

    private static ReadOnlySpan<Register> Rows => [Register.R8, Register.R9, Register.R10, Register.R11, Register.Rbp, Register.R12];

    private static ReadOnlySpan<Register> Saved => [Register.Rbx, Register.Rsi, Register.Rdi, Register.Rbp, Register.R12];

    /// <summary>Appends the function void tile(VnniTileArguments*).</summary>
    public static void Write(X64Assembler code, int rows, int panels)
    {
        MachineFunction.Begin(code, Saved, changesAllVectors: false);
        for (var i = 0; i < rows * panels; i++)
        {
            code.Xor(Sums + i, Sums + i, Sums + i);
        }

        code.SetImmediate(Register.Rax, 0x80808080);
        code.Broadcast(SignBits, Register.Rax);
        code.Load(Register.Rax, new(Register.Rcx, WeightsField));
        code.Load(Register.Rsi, new(Register.Rcx, PanelStrideField));
        if (panels == 4)
        {
            code.LoadAddress(Register.Rdi, new(Register.Rsi, 0, Register.Rsi, 2));
            code.Add(Register.Rdi, Register.Rax);
        }

        var segment = code.Position;
        code.Load(Register.Rdx, new(Register.Rcx, OffsetsField));
        code.Load(Register.Rdx, new(Register.Rdx));
        for (var row = 0; row < rows; row++)
        {
            code.Load(Rows[row], new(Register.Rcx, RowsField + (8 * row)));
            code.Add(Rows[row], Register.Rdx);
        }

        code.Add(new MemoryOperand(Register.Rcx, OffsetsField), 8);
        code.Load(Register.Rdx, new(Register.Rcx, SegmentLengthField));
        code.SetImmediate(Register.Rbx, 0);

        var step = code.Position;
        for (var panel = 0; panel < panels; panel++)
        {
            code.Load(Weights + panel, panel switch
            {
                0 => new(Register.Rax),
                1 => new(Register.Rax, 0, Register.Rsi, 1),
                2 => new(Register.Rax, 0, Register.Rsi, 2),
                _ => new(Register.Rdi),
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
        code.Decrement(new MemoryOperand(Register.Rcx, SegmentCountField));
        code.JumpIfNotZero(segment);

        code.Load(Register.Rax, new(Register.Rcx, SumsField));
        for (var i = 0; i < rows * panels; i++)
        {
            code.Store(new(Register.Rax, 64 * i), Sums + i);
        }

        MachineFunction.End(code, Saved, changesAllVectors: false);
    }
}
