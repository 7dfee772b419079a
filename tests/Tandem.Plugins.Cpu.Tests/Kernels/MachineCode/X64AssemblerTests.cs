using Tandem.Plugins.Cpu.Kernels.MachineCode;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels.MachineCode;

/// <summary>Encodings that GNU as 2.40 gives for the same instructions.</summary>
public sealed class X64AssemblerTests
{
    [Fact]
    public void General_instructions_are_encoded_as_by_an_assembler()
    {
        Same("55", c => c.Push(Register.Rbp));
        Same("4154", c => c.Push(Register.R12));
        Same("415C", c => c.Pop(Register.R12));
        Same("488BCF", c => c.Move(Register.Rcx, Register.Rdi));
        Same("488B5110", c => c.Load(Register.Rdx, new(Register.Rcx, 16)));
        Same("4C8BA180010000", c => c.Load(Register.R12, new(Register.Rcx, 0x180)));
        Same("488D3C76", c => c.LoadAddress(Register.Rdi, new(Register.Rsi, 0, Register.Rsi, 2)));
        Same("4903CB", c => c.Add(Register.Rcx, Register.R11));
        Same("4883C040", c => c.Add(Register.Rax, 64));
        Same("48830108", c => c.Add(new MemoryOperand(Register.Rcx), 8));
        Same("48FF4908", c => c.Decrement(new MemoryOperand(Register.Rcx, 8)));
        Same("483BDA", c => c.Compare(Register.Rbx, Register.Rdx));
        Same("B880808080", c => c.SetImmediate(Register.Rax, 0x80808080));
        Same("C5F877C3", c =>
        {
            c.ZeroUpper();
            c.Return();
        });
    }

    [Fact]
    public void Vector_instructions_are_encoded_as_by_an_assembler()
    {
        Same("62625548 50C8", c => c.DotUnsignedSigned(25, 5, 0));
        Same("62B25D40 50DB", c => c.DotUnsignedSigned(3, 20, 19));
        Same("62D15558 EF2418", c => c.XorBroadcast(4, 5, new(Register.R8, 0, Register.Rbx, 1)));
        Same("62D15558 EF642403", c => c.XorBroadcast(4, 5, new(Register.R12, 12)));
        Same("62010540 EFFF", c => c.Xor(31, 31, 31));
        Same("62F27D48 7CE8", c => c.Broadcast(5, Register.Rax));
        Same("62C27D48 7CC9", c => c.Broadcast(17, Register.R9));
        Same("62F17E48 6F1470", c => c.Load(2, new(Register.Rax, 0, Register.Rsi, 2)));
        Same("62617E48 7F780F", c => c.Store(new(Register.Rax, 960), 31));
        Same("62C17E48 7F8300200000", c => c.Store(new(Register.R11, 8192), 16));
        Same("62F27D48 585C5320", c => c.Broadcast(3, new MemoryOperand(Register.Rbx, 128, Register.Rdx, 2)));
        Same("62C13D58 FE441908", c => c.AddBroadcast(16, 8, new(Register.R9, 32, Register.Rbx, 1)));
        Same("62F17548 FED3", c => c.Add(2, 1, 3));
        Same("62010540 DBF5", c => c.And(30, 31, 29));
        Same("62912540 72D104", c => c.ShiftRight(27, 25, 4));
        Same("62913D40 72F010", c => c.ShiftLeft(24, 24, 16));
        Same("62427D48 334D01", c => c.WidenWords(25, new(Register.R13, 32)));
        Same("62F17C48 5BDB", c => c.ToFloat(3, 3));
        Same("62020540 B8F5", c => c.MultiplyAdd(30, 31, 29));
        Same("62126548 A8E2", c => c.MultiplyThenAdd(12, 3, 26));
        Same("62E23540 BCFA", c => c.MultiplySubtract(23, 25, 2));
        Same("62517448 5DF6", c => c.Minimum(14, 1, 14));
        Same("62A17C48 5FC9", c => c.Maximum(17, 0, 17));
        Same("48FFCE", c => c.Decrement(Register.Rsi));
        Same("49FFCF", c => c.Decrement(Register.R15));
        Same("0F188800100000", c => c.Prefetch(new(Register.Rax, 4096)));
        Same("488B4500", c => c.Load(Register.Rax, new(Register.Rbp)));
    }

    [Fact]
    public void What_brings_sums_to_bytes_is_encoded_as_by_an_assembler()
    {
        Same("4D030F", c => c.Add(Register.R9, new MemoryOperand(Register.R15)));
        Same("4C3B7908", c => c.Compare(Register.R15, new MemoryOperand(Register.Rcx, 8)));
        Same("48895948", c => c.Store(new MemoryOperand(Register.Rcx, 72), Register.Rbx));
        Same("C4E1F8904958", c => c.LoadMask(new(Register.Rcx, 88)));
        Same("C4C1F8904908", c => c.LoadMask(new(Register.R9, 8)));
        Same("62A17D48 5BC9", c => c.ToInteger(17, 17));
        Same("62E17C40 594001", c => c.Multiply(16, 16, new(Register.Rax, 64)));
        Same("62610450 5D7F30", c => c.MinimumBroadcast(31, 31, new(Register.Rdi, 192)));
        Same("62A16D40 6BD3", c => c.PackToWords(18, 18, 19));
        Same("62A17D40 63C2", c => c.PackToBytes(16, 16, 18));
        Same("62E16D40 ED17", c => c.AddWordsSaturated(18, 18, new MemoryOperand(Register.Rdi)));
        Same("62E27D40 3C4701", c => c.MaximumBytes(16, 16, new MemoryOperand(Register.Rdi, 64)));
        Same("62A27D48 36C0", c => c.Permute(16, 0, 16));
        Same("62111D40 60C5", c => c.ZipLowBytes(8, 28, 29));
        Same("62111D40 68D5", c => c.ZipHighBytes(10, 28, 29));
        Same("62113D48 61C4", c => c.ZipLowWords(8, 8, 28));
        Same("62113D48 69CC", c => c.ZipHighWords(9, 8, 28));
        Same("62A17D48 6FE0", c => c.Move(20, 16));
        Same("62417FC9 6F20", c => c.LoadMasked(28, new(Register.R8)));
        Same("62617F49 7F03", c => c.StoreMasked(new(Register.Rbx), 24));
        Same("62410540 EF22", c => c.Xor(28, 31, new MemoryOperand(Register.R10)));
    }

    private static void Same(string expected, Action<X64Assembler> write)
    {
        var code = new X64Assembler();
        write(code);
        Assert.Equal(expected.Replace(" ", ""), Convert.ToHexString(code.ToArray()));
    }
}
