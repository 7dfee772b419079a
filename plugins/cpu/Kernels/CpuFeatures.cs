using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>What this CPU can run.</summary>
internal static class CpuFeatures
{
    /// <summary>The fastest rung that this CPU runs.</summary>
    public static InstructionSet Best { get; } = BestUpTo(InstructionSet.Avx512);

    /// <summary>All rungs, slowest first.</summary>
    public static ReadOnlySpan<InstructionSet> All =>
        [InstructionSet.Scalar, InstructionSet.Vector128, InstructionSet.AdvSimd, InstructionSet.Avx2, InstructionSet.Avx512];

    /// <summary>Whether this CPU runs a rung.</summary>
    public static bool IsSupported(InstructionSet instructionSet) => instructionSet switch
    {
        InstructionSet.Scalar or InstructionSet.Vector128 => true,
        InstructionSet.AdvSimd => AdvSimd.Arm64.IsSupported,
        InstructionSet.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        InstructionSet.Avx512 => Avx512F.IsSupported && Avx512F.VL.IsSupported,
        _ => false,
    };

    /// <summary>The fastest rung that this CPU runs with all rungs above a limit switched off.</summary>
    public static InstructionSet BestUpTo(InstructionSet limit)
    {
        for (var rung = limit; rung > InstructionSet.Scalar; rung--)
        {
            if (IsSupported(rung))
            {
                return rung;
            }
        }

        return InstructionSet.Scalar;
    }
}
