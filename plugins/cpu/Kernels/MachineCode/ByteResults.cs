using System.Runtime.InteropServices;

namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>How machine code brings scaled sums to signed bytes, and the numbers that it reads for that.</summary>
internal static unsafe class ByteResults
{
    /// <summary>Offset of the order of lanes that undoes what packing does to the columns of four registers.</summary>
    public const int Order = 128;

    /// <summary>Offset of the greatest result, less the zero point, as a float.</summary>
    public const int High = 192;

    /// <summary>Bytes that <see cref="Fill"/> writes.</summary>
    public const int ByteCount = 256;

    private const int ZeroPoint = 0;
    private const int Minimum = 64;

    /// <summary>Writes the numbers.</summary>
    /// <param name="target">Receives them; best at a multiple of 64.</param>
    /// <param name="r">Zero point and bounds.</param>
    public static void Fill(byte* target, in Requantization r)
    {
        new Span<short>(target + ZeroPoint, 32).Fill((short)r.ZeroPoint);
        NativeMemory.Fill(target + Minimum, 64, (byte)r.Minimum);
        for (var i = 0; i < 16; i++)
        {
            ((int*)(target + Order))[i] = (i % 4 * 4) + (i / 4);
        }

        *(float*)(target + High) = r.Maximum - r.ZeroPoint;
    }

    /// <summary>Sums in a register to integers: scale, upper bound, round.</summary>
    /// <param name="code">Receives the code.</param>
    /// <param name="register">The register.</param>
    /// <param name="scales">Where its scales lie.</param>
    /// <param name="numbers">The register that points to the numbers.</param>
    public static void Scale(X64Assembler code, int register, MemoryOperand scales, Register numbers)
    {
        code.ToFloat(register, register);
        code.Multiply(register, register, scales);

        // Integers would not tell a sum that is too great from one that is too small; the lower bound can wait until there are bytes.
        code.MinimumBroadcast(register, register, new(numbers, High));
        code.ToInteger(register, register);
    }

    /// <summary>
    /// Integers of up to four registers to bytes in the first one: of each 128 bits four of the first register, of the second, the third and the fourth.
    /// </summary>
    public static void Pack(X64Assembler code, int first, int count, Register numbers)
    {
        code.PackToWords(first, first, count > 1 ? first + 1 : first);
        code.AddWordsSaturated(first, first, new MemoryOperand(numbers, ZeroPoint));
        if (count > 2)
        {
            code.PackToWords(first + 2, first + 2, count > 3 ? first + 3 : first + 2);
            code.AddWordsSaturated(first + 2, first + 2, new MemoryOperand(numbers, ZeroPoint));
        }

        code.PackToBytes(first, first, count > 2 ? first + 2 : first);
        code.MaximumBytes(first, first, new MemoryOperand(numbers, Minimum));
    }
}
