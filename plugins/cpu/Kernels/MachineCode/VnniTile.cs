using static Tandem.Plugins.Cpu.Kernels.MachineCode.VnniProducts;

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
        VnniProducts.Write(code, rows, panels);
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
