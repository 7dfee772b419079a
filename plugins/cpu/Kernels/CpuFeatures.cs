using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Tandem.Plugins.Cpu.Kernels.MachineCode;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>What this CPU can run.</summary>
internal static class CpuFeatures
{
    /// <summary>The fastest rung that this CPU runs.</summary>
    public static InstructionSet Best { get; } = BestUpTo(InstructionSet.Avx512Vnni);

    /// <summary>The fastest rung of float kernels that this CPU runs.</summary>
    public static InstructionSet BestFloat { get; } = ToFloat(Best);

    /// <summary>All rungs, slowest first.</summary>
    public static ReadOnlySpan<InstructionSet> All =>
    [
        InstructionSet.Scalar, InstructionSet.Vector128, InstructionSet.AdvSimd, InstructionSet.ArmDot, InstructionSet.Avx2, InstructionSet.AvxVnni,
        InstructionSet.Avx512, InstructionSet.Avx512Vnni,
    ];

    /// <summary>The rungs that have float kernels of their own, slowest first.</summary>
    public static ReadOnlySpan<InstructionSet> AllFloat =>
        [InstructionSet.Scalar, InstructionSet.Vector128, InstructionSet.AdvSimd, InstructionSet.Avx2, InstructionSet.Avx512];

    /// <summary>Whether this CPU runs a rung.</summary>
    public static bool IsSupported(InstructionSet instructionSet) => instructionSet switch
    {
        InstructionSet.Scalar or InstructionSet.Vector128 => true,
        InstructionSet.AdvSimd => AdvSimd.Arm64.IsSupported,
        InstructionSet.ArmDot => AdvSimd.Arm64.IsSupported && Dp.IsSupported,
        InstructionSet.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        InstructionSet.AvxVnni => Avx2.IsSupported && Fma.IsSupported && AvxVnni.IsSupported,
        InstructionSet.Avx512 => HasAvx512,
        InstructionSet.Avx512Vnni => HasAvx512 && VnniTiles.IsSupported,
        _ => false,
    };

    /// <summary>The rung whose float kernels serve a rung.</summary>
    public static InstructionSet ToFloat(InstructionSet instructionSet) => instructionSet switch
    {
        InstructionSet.ArmDot => InstructionSet.AdvSimd,
        InstructionSet.AvxVnni => InstructionSet.Avx2,
        InstructionSet.Avx512Vnni => InstructionSet.Avx512,
        _ => instructionSet,
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

    private static bool HasAvx512 =>
        Avx512F.IsSupported && Avx512F.VL.IsSupported && Avx512BW.IsSupported && Avx512BW.VL.IsSupported && Avx512DQ.IsSupported;
}
