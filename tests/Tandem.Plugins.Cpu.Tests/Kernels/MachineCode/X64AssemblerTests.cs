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
        Same("48FFCE", c => c.Decrement(Register.Rsi));
        Same("49FFCF", c => c.Decrement(Register.R15));
        Same("0F188800100000", c => c.Prefetch(new(Register.Rax, 4096)));
        Same("488B4500", c => c.Load(Register.Rax, new(Register.Rbp)));
    }

    private static void Same(string expected, Action<X64Assembler> write)
    {
        var code = new X64Assembler();
        write(code);
        Assert.Equal(expected.Replace(" ", ""), Convert.ToHexString(code.ToArray()));
    }
}
