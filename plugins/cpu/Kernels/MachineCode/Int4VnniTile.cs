namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>
/// Writes one tile of rows of quantised activations by one or two panels of 4-bit weights, with 512-bit VPDPBUSD: the nibbles are its unsigned side as they
/// are stored, and what a block's correction holds takes back the 8 that is added to them. Reads what <see cref="QuantizedTileArguments"/> points to.
/// </summary>
internal static class Int4VnniTile
{
    // Fields of QuantizedTileArguments.
    private const int RowsField = 0;
    private const int RowStrideField = 8;
    private const int ScalesField = 24;
    private const int WeightsField = 32;
    private const int GroupCountField = 40;
    private const int BlocksPerGroupField = 48;
    private const int BlockStepField = 56;
    private const int GroupStepField = 64;
    private const int SumsField = 120;

    private const int RegistersOfBlock = 4;
    private const int PanelBlockBytes = 256;
    private const int PanelScaleBytes = 32;

    // Vector registers: sums of a group from 0 on, second ones of few rows behind them, sums of all groups from 12 on.
    private const int FirstFloat = 12;
    private const int Raw = 24;
    private const int Nibbles = 26;
    private const int Activations = 28;
    private const int LowBits = 29;

    private static ReadOnlySpan<Register> Rows => [Register.R8, Register.R9, Register.R10, Register.R11, Register.Rbp, Register.R12];

    private static ReadOnlySpan<Register> Saved =>
        [Register.Rbx, Register.Rsi, Register.Rdi, Register.Rbp, Register.R12, Register.R13, Register.R14, Register.R15];

    /// <summary>Appends the function void tile(QuantizedTileArguments*), which writes [rows][panels * 16] sums.</summary>
    /// <param name="code">Receives it.</param>
    /// <param name="rows">Rows, 1 to 6.</param>
    /// <param name="panels">Panels, 1 or 2.</param>
    /// <param name="hasScales">
    /// Whether each group has bfloat16 scales: sums are floats with scales applied. Otherwise there is one group, and its sums are integers.
    /// </param>
    /// <param name="prefetchDistance">Bytes ahead of the weights at which a single row fetches.</param>
    public static void Write(X64Assembler code, int rows, int panels, bool hasScales, int prefetchDistance)
    {
        var count = rows * panels;

        // Eight sums one after the other would wait for each other.
        var hasSecond = count <= 4;
        MachineFunction.Begin(code, Saved, changesAllVectors: true);
        for (var row = 0; row < rows; row++)
        {
            if (row == 0)
            {
                code.Load(Rows[0], new(Register.Rcx, RowsField));
                code.Load(Register.Rax, new(Register.Rcx, RowStrideField));
            }
            else
            {
                code.LoadAddress(Rows[row], new(Rows[row - 1], 0, Register.Rax, 1));
            }
        }

        code.SetImmediate(Register.Rax, 0x0F0F0F0F);
        code.Broadcast(LowBits, Register.Rax);
        code.SetImmediate(Register.Rbx, 0);
        code.Load(Register.Rdi, new(Register.Rcx, WeightsField));
        code.Load(Register.R13, new(Register.Rcx, ScalesField));
        code.Load(Register.R14, new(Register.Rcx, GroupStepField));
        code.Load(Register.R15, new(Register.Rcx, GroupCountField));
        code.Load(Register.Rdx, new(Register.Rcx, BlockStepField));
        for (var i = 0; hasScales && i < count; i++)
        {
            code.Xor(FirstFloat + i, FirstFloat + i, FirstFloat + i);
        }

        var group = code.Position;
        code.Move(Register.Rax, Register.Rdi);
        code.Load(Register.Rsi, new(Register.Rcx, BlocksPerGroupField));
        for (var i = 0; i < count; i++)
        {
            code.Broadcast(i, Correction(i / panels));
            if (hasSecond)
            {
                code.Xor(count + i, count + i, count + i);
            }
        }

        var block = code.Position;
        Block(code, rows, panels, hasSecond ? count : 0, prefetchDistance);
        if (rows == 1 && hasScales)
        {
            // Scales lie between the blocks.
            code.Prefetch(new(Register.Rax, prefetchDistance + (panels * PanelBlockBytes)));
        }

        code.Add(Register.Rax, Register.Rdx);
        code.Add(Register.Rbx, RowQuantizer.BlockBytes);
        code.Decrement(Register.Rsi);
        var end = code.JumpIfZero();
        for (var i = 0; i < count; i++)
        {
            code.AddBroadcast(i, i, Correction(i / panels));
        }

        code.Jump(block);
        code.Bind(end);
        for (var i = 0; hasSecond && i < count; i++)
        {
            code.Add(i, i, count + i);
        }

        if (hasScales)
        {
            for (var panel = 0; panel < panels; panel++)
            {
                code.WidenWords(Raw + panel, new(Register.R13, panel * PanelScaleBytes));
                code.ShiftLeft(Raw + panel, Raw + panel, 16);
            }

            for (var i = 0; i < count; i++)
            {
                code.ToFloat(i, i);
                code.MultiplyAdd(FirstFloat + i, i, Raw + (i % panels));
            }

            code.Add(Register.Rdi, Register.R14);
            code.Add(Register.R13, Register.R14);
            code.Decrement(Register.R15);
            code.JumpIfNotZero(group);
        }

        code.Load(Register.Rax, new(Register.Rcx, SumsField));
        for (var i = 0; i < count; i++)
        {
            code.Store(new(Register.Rax, 64 * i), (hasScales ? FirstFloat : 0) + i);
        }

        MachineFunction.End(code, Saved, changesAllVectors: true);
    }

    private static void Block(X64Assembler code, int rows, int panels, int second, int prefetchDistance)
    {
        for (var register = 0; register < RegistersOfBlock; register++)
        {
            for (var panel = 0; panel < panels; panel++)
            {
                var offset = (panel * PanelBlockBytes) + (64 * register);
                if (rows == 1)
                {
                    code.Prefetch(new(Register.Rax, prefetchDistance + offset));
                }

                code.Load(Raw + panel, new(Register.Rax, offset));
                code.And(Nibbles + panel, Raw + panel, LowBits);
            }

            Products(code, rows, panels, 8 * register, 0);
            for (var panel = 0; panel < panels; panel++)
            {
                code.ShiftRight(Nibbles + panel, Raw + panel, 4);
                code.And(Nibbles + panel, Nibbles + panel, LowBits);
            }

            Products(code, rows, panels, (8 * register) + 4, second);
        }
    }

    private static void Products(X64Assembler code, int rows, int panels, int offset, int firstSum)
    {
        for (var row = 0; row < rows; row++)
        {
            code.Broadcast(Activations, new MemoryOperand(Rows[row], offset, Register.Rbx, 1));
            for (var panel = 0; panel < panels; panel++)
            {
                code.DotUnsignedSigned(firstSum + (row * panels) + panel, Nibbles + panel, Activations);
            }
        }
    }

    private static MemoryOperand Correction(int row) => new(Rows[row], RowQuantizer.BlockLength, Register.Rbx, 1);
}
