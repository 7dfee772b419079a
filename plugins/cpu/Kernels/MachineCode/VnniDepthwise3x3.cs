namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>
/// Writes depthwise convolutions of signed bytes by 3x3 filters, a row of up to 64 channels at a time: three rows are interleaved column by column, so that each
/// VPDPBUSD takes a column of 16 channels, and each column serves the outputs that read it. 128 is added to the input; the bias takes it back.
/// </summary>
internal static class VnniDepthwise3x3
{
    private const int PixelStrideField = 24;
    private const int InsideField = 32;
    private const int HasLeftField = 40;
    private const int HasRightField = 48;
    private const int WeightsField = 56;
    private const int BiasField = 64;
    private const int ScalesField = 72;
    private const int OutputField = 80;
    private const int OutputStrideField = 88;
    private const int ChannelsField = 96;
    private const int NumbersField = 104;
    private const int PaddingField = 112;

    // Vector registers: three columns of four, as many weights, sums.
    private const int Registers = 4;
    private const int FirstColumn = 0;
    private const int SecondColumn = 4;
    private const int ThirdColumn = 8;
    private const int Weights = 12;
    private const int Sums = 24;
    private const int Temporary = 28;
    private const int SignBits = 31;

    private static ReadOnlySpan<Register> Rows => [Register.R8, Register.R9, Register.R10];

    private static ReadOnlySpan<Register> Saved => [Register.Rbx, Register.Rsi, Register.Rdi, Register.Rbp];

    /// <summary>Appends the function void row(VnniDepthwiseArguments*).</summary>
    /// <param name="code">Receives it.</param>
    /// <param name="stride">Columns from an output to the next, 1 or 2.</param>
    /// <param name="isMasked">Whether there are fewer than 64 channels.</param>
    public static void Write(X64Assembler code, int stride, bool isMasked)
    {
        MachineFunction.Begin(code, Saved, changesAllVectors: true);
        code.SetImmediate(Register.Rax, 0x80808080);
        code.Broadcast(SignBits, Register.Rax);
        for (var row = 0; row < 3; row++)
        {
            code.Load(Rows[row], new(Register.Rcx, 8 * row));
        }

        code.Load(Register.R11, new(Register.Rcx, PixelStrideField));
        code.Load(Register.Rdx, new(Register.Rcx, BiasField));
        code.Load(Register.Rsi, new(Register.Rcx, ScalesField));
        code.Load(Register.Rdi, new(Register.Rcx, NumbersField));
        code.Load(Register.Rbx, new(Register.Rcx, OutputField));
        code.Load(Register.Rbp, new(Register.Rcx, OutputStrideField));
        code.Load(Register.Rax, new(Register.Rcx, WeightsField));
        for (var i = 0; i < 3 * Registers; i++)
        {
            code.Load(Weights + i, new MemoryOperand(Register.Rax, 64 * i));
        }

        if (isMasked)
        {
            code.LoadMask(new(Register.Rcx, ChannelsField));
        }

        // Padding stays where no column inside overwrites it.
        Pad(code, FirstColumn);
        code.Load(Register.Rax, new(Register.Rcx, HasLeftField));
        code.Decrement(Register.Rax);
        var begun = code.JumpIfZero();
        Column(code, FirstColumn, isMasked);
        code.Bind(begun);
        if (stride == 1)
        {
            Column(code, SecondColumn, isMasked);
        }

        code.Load(Register.Rax, new(Register.Rcx, InsideField));
        code.Add(Register.Rax, (sbyte)0);
        var none = code.JumpIfZero();
        var output = code.Position;
        if (stride == 2)
        {
            Column(code, SecondColumn, isMasked);
        }

        Column(code, ThirdColumn, isMasked);
        Output(code, isMasked);
        for (var i = 0; i < Registers; i++)
        {
            if (stride == 1)
            {
                code.Move(FirstColumn + i, SecondColumn + i);
                code.Move(SecondColumn + i, ThirdColumn + i);
            }
            else
            {
                code.Move(FirstColumn + i, ThirdColumn + i);
            }
        }

        code.Decrement(Register.Rax);
        code.JumpIfNotZero(output);
        code.Bind(none);

        code.Load(Register.Rax, new(Register.Rcx, HasRightField));
        code.Add(Register.Rax, (sbyte)0);
        var end = code.JumpIfZero();
        if (stride == 2)
        {
            Column(code, SecondColumn, isMasked);
        }

        Pad(code, ThirdColumn);
        Output(code, isMasked);
        code.Bind(end);
        MachineFunction.End(code, Saved, changesAllVectors: true);
    }

    private static void Pad(X64Assembler code, int column)
    {
        for (var i = 0; i < Registers; i++)
        {
            code.Broadcast(column + i, new MemoryOperand(Register.Rcx, PaddingField));
        }
    }

    // Three rows of 64 bytes become four registers of 16 lanes with a byte of each row; the fourth byte is multiplied by zero.
    private static void Column(X64Assembler code, int column, bool isMasked)
    {
        for (var row = 0; row < 3; row++)
        {
            if (isMasked)
            {
                code.LoadMasked(Temporary + row, new(Rows[row]));
                code.Xor(Temporary + row, Temporary + row, SignBits);
            }
            else
            {
                code.Xor(Temporary + row, SignBits, new MemoryOperand(Rows[row]));
            }

            code.Add(Rows[row], Register.R11);
        }

        code.ZipLowBytes(column, Temporary, Temporary + 1);
        code.ZipHighBytes(column + 2, Temporary, Temporary + 1);
        code.ZipLowBytes(Temporary, Temporary + 2, Temporary + 2);
        code.ZipHighBytes(Temporary + 1, Temporary + 2, Temporary + 2);
        code.ZipHighWords(column + 1, column, Temporary);
        code.ZipLowWords(column, column, Temporary);
        code.ZipHighWords(column + 3, column + 2, Temporary + 1);
        code.ZipLowWords(column + 2, column + 2, Temporary + 1);
    }

    private static void Output(X64Assembler code, bool isMasked)
    {
        for (var i = 0; i < Registers; i++)
        {
            code.Load(Sums + i, new MemoryOperand(Register.Rdx, 64 * i));
        }

        for (var column = 0; column < 3; column++)
        {
            for (var i = 0; i < Registers; i++)
            {
                code.DotUnsignedSigned(Sums + i, (Registers * column) + i, Weights + (Registers * column) + i);
            }
        }

        for (var i = 0; i < Registers; i++)
        {
            ByteResults.Scale(code, Sums + i, new(Register.Rsi, 64 * i), Register.Rdi);
        }

        // Packing undoes what interleaving did: channels are in order again.
        ByteResults.Pack(code, Sums, Registers, Register.Rdi);
        if (isMasked)
        {
            code.StoreMasked(new(Register.Rbx), Sums);
        }
        else
        {
            code.Store(new MemoryOperand(Register.Rbx), Sums);
        }

        code.Add(Register.Rbx, Register.Rbp);
    }
}
