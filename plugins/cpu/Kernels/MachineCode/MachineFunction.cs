namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>What stands before and after the body of a function void f(void*): its argument comes into <see cref="Register.Rcx"/> on every system.</summary>
internal static class MachineFunction
{
    // Windows wants the lower halves of these vector registers back, other systems none.
    private const int FirstSaved = 6;
    private const int SavedCount = 10;

    /// <summary>Begins a function.</summary>
    /// <param name="code">Receives it.</param>
    /// <param name="saved">General-purpose registers that the body changes and the caller wants back.</param>
    /// <param name="changesAllVectors">Whether the body changes zmm6 to zmm15.</param>
    public static void Begin(X64Assembler code, ReadOnlySpan<Register> saved, bool changesAllVectors)
    {
        foreach (var register in saved)
        {
            code.Push(register);
        }

        if (!OperatingSystem.IsWindows())
        {
            code.Move(Register.Rcx, Register.Rdi);
        }
        else if (changesAllVectors)
        {
            code.LoadAddress(Register.Rsp, new(Register.Rsp, -64 * SavedCount));
            for (var i = 0; i < SavedCount; i++)
            {
                code.Store(new(Register.Rsp, 64 * i), FirstSaved + i);
            }
        }
    }

    /// <summary>Ends it, with the same arguments.</summary>
    public static void End(X64Assembler code, ReadOnlySpan<Register> saved, bool changesAllVectors)
    {
        code.ZeroUpper();
        if (OperatingSystem.IsWindows() && changesAllVectors)
        {
            for (var i = 0; i < SavedCount; i++)
            {
                code.Load(FirstSaved + i, new(Register.Rsp, 64 * i));
            }

            code.LoadAddress(Register.Rsp, new(Register.Rsp, 64 * SavedCount));
        }

        for (var i = saved.Length - 1; i >= 0; i--)
        {
            code.Pop(saved[i]);
        }

        code.Return();
        code.Align();
    }
}
