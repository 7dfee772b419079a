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
    private const int ParametersField = 16;
    private const int ScalesField = 24;
    private const int WeightsField = 32;
    private const int GroupCountField = 40;
    private const int BlocksPerGroupField = 48;
    private const int GroupStepField = 64;
    private const int ColumnSumsField = 72;
    private const int BiasField = 80;
    private const int ResultsField = 96;
    private const int ResultStrideField = 104;
    private const int SumsField = 120;
    private const int NextWeightsField = 128;
    private const int MinimumField = 136;
    private const int MaximumField = 140;

    // RowQuantization and fields of it.
    private const int ParameterBytes = 16;
    private const int InverseScaleField = 4;
    private const int ZeroPointField = 8;

    /// <summary>How many bytes of <see cref="QuantizedTileArguments.NextWeights"/> a tile of several rows fetches for each byte of a row.</summary>
    public const int FetchedBytesForOneOfARow = 2;

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

    /// <summary>Appends the function void tile(QuantizedTileArguments*), which writes [rows][panels * 16] sums, or results where they belong.</summary>
    /// <param name="code">Receives it.</param>
    /// <param name="rows">Rows, 1 to 6.</param>
    /// <param name="panels">Panels, 1 or 2.</param>
    /// <param name="kind">What it writes; each group has bfloat16 scales, unless it is integers: then there is one group.</param>
    /// <param name="prefetchDistance">Bytes ahead of the weights at which a single row fetches.</param>
    public static void Write(X64Assembler code, int rows, int panels, Int4TileKind kind, int prefetchDistance)
    {
        var hasScales = kind != Int4TileKind.IntegerSums;
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
        code.Load(Register.Rdx, new(Register.Rcx, NextWeightsField));
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

        if (rows > 1)
        {
            code.Prefetch(new(Register.Rdx, 0, Register.Rbx, FetchedBytesForOneOfARow));
        }

        code.LoadAddress(Register.Rax, new(Register.Rax, panels * PanelBlockBytes));
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

        if (kind == Int4TileKind.Results)
        {
            Results(code, rows, panels);
        }
        else
        {
            code.Load(Register.Rax, new(Register.Rcx, SumsField));
            for (var i = 0; i < count; i++)
            {
                code.Store(new(Register.Rax, 64 * i), (hasScales ? FirstFloat : 0) + i);
            }
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

    /// <summary>Stores clamp((sum - zero point * sum of the column's weights) * scale of the row + bias); a NaN stays NaN.</summary>
    private static void Results(X64Assembler code, int rows, int panels)
    {
        const int low = 0;
        const int high = 1;
        const int zeroPoint = 2;
        const int inverseScale = 3;
        const int columnSums = Raw;
        const int bias = Nibbles;
        code.Load(Register.R13, new(Register.Rcx, ColumnSumsField));
        code.Load(Register.R14, new(Register.Rcx, BiasField));
        for (var panel = 0; panel < panels; panel++)
        {
            code.Load(columnSums + panel, new MemoryOperand(Register.R13, 64 * panel));
            code.Load(bias + panel, new MemoryOperand(Register.R14, 64 * panel));
        }

        code.Load(Register.R13, new(Register.Rcx, ParametersField));
        code.Load(Register.Rax, new(Register.Rcx, ResultsField));
        code.Load(Register.Rdx, new(Register.Rcx, ResultStrideField));
        code.Broadcast(low, new MemoryOperand(Register.Rcx, MinimumField));
        code.Broadcast(high, new MemoryOperand(Register.Rcx, MaximumField));
        for (var row = 0; row < rows; row++)
        {
            code.Broadcast(zeroPoint, new MemoryOperand(Register.R13, (row * ParameterBytes) + ZeroPointField));
            code.ToFloat(zeroPoint, zeroPoint);
            code.Broadcast(inverseScale, new MemoryOperand(Register.R13, (row * ParameterBytes) + InverseScaleField));
            for (var panel = 0; panel < panels; panel++)
            {
                var sum = FirstFloat + (row * panels) + panel;
                code.MultiplySubtract(sum, columnSums + panel, zeroPoint);
                code.MultiplyThenAdd(sum, inverseScale, bias + panel);
                code.Minimum(sum, high, sum);
                code.Maximum(sum, low, sum);
                code.Store(new MemoryOperand(Register.Rax, 64 * panel), sum);
            }

            code.LoadAddress(Register.Rax, new(Register.Rax, 0, Register.Rdx, sizeof(float)));
        }
    }

    private static MemoryOperand Correction(int row) => new(Rows[row], RowQuantizer.BlockLength, Register.Rbx, 1);
}
