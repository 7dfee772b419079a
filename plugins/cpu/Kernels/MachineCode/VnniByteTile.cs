using static Tandem.Plugins.Cpu.Kernels.MachineCode.VnniProducts;

namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>
/// Writes tiles one below the other: signed bytes by signed bytes, summed over all segments, brought to signed bytes. As in <see cref="VnniTile"/> 128 is added
/// to the left side; the bias takes it back.
/// </summary>
internal static class VnniByteTile
{
    private const int OffsetsField = 0;
    private const int OffsetsEndField = 8;
    private const int SegmentLengthField = 16;
    private const int WeightsField = 24;
    private const int PanelStrideField = 32;
    private const int RowsField = 40;
    private const int TilesField = 48;
    private const int BiasField = 56;
    private const int ScalesField = 64;
    private const int OutputField = 72;
    private const int OutputStrideField = 80;
    private const int ColumnsField = 88;
    private const int NumbersField = 96;

    // Registers that neither calling convention wants back: zmm16 to zmm31, zmm0 to zmm5.
    private const int Order = 0;

    private static ReadOnlySpan<Register> Saved =>
        [Register.Rbx, Register.Rsi, Register.Rdi, Register.Rbp, Register.R12, Register.R13, Register.R14, Register.R15];

    /// <summary>Appends the function void tile(VnniByteTileArguments*).</summary>
    /// <param name="code">Receives it.</param>
    /// <param name="rows">Rows of a tile, 1 to 6.</param>
    /// <param name="panels">Panels of 16 columns, 1 to 4; with the rows at most 16 sums.</param>
    /// <param name="isMasked">Whether only the columns are stored that the arguments name; otherwise there are four panels.</param>
    public static void Write(X64Assembler code, int rows, int panels, bool isMasked)
    {
        MachineFunction.Begin(code, Saved, changesAllVectors: false);
        code.SetImmediate(Register.Rax, 0x80808080);
        code.Broadcast(SignBits, Register.Rax);
        code.Load(Register.Rsi, new(Register.Rcx, PanelStrideField));
        code.Load(Register.Rdx, new(Register.Rcx, SegmentLengthField));
        code.Load(Register.R13, new(Register.Rcx, RowsField));
        code.Load(Register.R14, new(Register.Rcx, TilesField));
        if (isMasked)
        {
            code.LoadMask(new(Register.Rcx, ColumnsField));
        }

        var tile = code.Position;
        code.Load(Register.Rax, new(Register.Rcx, BiasField));
        for (var i = 0; i < rows * panels; i++)
        {
            if (i < panels)
            {
                code.Load(Sums + i, new MemoryOperand(Register.Rax, 64 * i));
            }
            else
            {
                code.Move(Sums + i, Sums + (i % panels));
            }
        }

        code.Load(Register.Rax, new(Register.Rcx, WeightsField));
        if (panels == 4)
        {
            code.LoadAddress(Register.Rdi, new(Register.Rsi, 0, Register.Rsi, 2));
            code.Add(Register.Rdi, Register.Rax);
        }

        code.Load(Register.R15, new(Register.Rcx, OffsetsField));
        Products(code, rows, panels);

        code.Load(Register.Rax, new(Register.Rcx, ScalesField));
        code.Load(Register.Rdi, new(Register.Rcx, NumbersField));
        code.Load(Register.Rbx, new(Register.Rcx, OutputField));
        code.Load(Order, new MemoryOperand(Register.Rdi, ByteResults.Order));
        for (var row = 0; row < rows; row++)
        {
            var first = Sums + (row * panels);
            for (var panel = 0; panel < panels; panel++)
            {
                ByteResults.Scale(code, first + panel, new(Register.Rax, 64 * panel), Register.Rdi);
            }

            ByteResults.Pack(code, first, panels, Register.Rdi);
            code.Permute(first, Order, first);
            if (isMasked)
            {
                code.StoreMasked(new(Register.Rbx), first);
            }
            else
            {
                code.Store(new(Register.Rbx), first);
            }

            code.Add(Register.Rbx, new MemoryOperand(Register.Rcx, OutputStrideField));
        }

        code.Store(new MemoryOperand(Register.Rcx, OutputField), Register.Rbx);
        code.Add(Register.R13, (sbyte)(8 * rows));
        code.Decrement(Register.R14);
        code.JumpIfNotZero(tile);
        MachineFunction.End(code, Saved, changesAllVectors: false);
    }

    private static void Products(X64Assembler code, int rows, int panels)
    {
        var segment = code.Position;
        for (var row = 0; row < rows; row++)
        {
            code.Load(Rows[row], new(Register.R13, 8 * row));
            code.Add(Rows[row], new MemoryOperand(Register.R15));
        }

        VnniProducts.Write(code, rows, panels);
        code.Add(Register.R15, 8);
        code.Compare(Register.R15, new MemoryOperand(Register.Rcx, OffsetsEndField));
        code.JumpIfBelow(segment);
    }
}
