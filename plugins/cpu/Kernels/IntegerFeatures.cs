using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Which integer rungs this CPU can run.</summary>
internal static class IntegerFeatures
{
    /// <summary>All rungs, slowest first.</summary>
    public static ReadOnlySpan<IntegerInstructionSet> All =>
    [
        IntegerInstructionSet.Scalar, IntegerInstructionSet.AdvSimd, IntegerInstructionSet.ArmDot, IntegerInstructionSet.Avx2, IntegerInstructionSet.AvxVnni,
        IntegerInstructionSet.Avx512,
    ];

    /// <summary>Whether this CPU runs a rung.</summary>
    public static bool IsSupported(IntegerInstructionSet rung) => rung switch
    {
        IntegerInstructionSet.Scalar => true,
        IntegerInstructionSet.AdvSimd => AdvSimd.Arm64.IsSupported,
        IntegerInstructionSet.ArmDot => Dp.Arm64.IsSupported && AdvSimd.Arm64.IsSupported,
        IntegerInstructionSet.Avx2 => Avx2.IsSupported,
        IntegerInstructionSet.AvxVnni => AvxVnni.IsSupported && Avx2.IsSupported,
        IntegerInstructionSet.Avx512 => Avx512BW.IsSupported && Avx512F.VL.IsSupported,
        _ => false,
    };

    /// <summary>The fastest integer rung that goes with a rung of the float kernels: nothing wider than it, and its family's dot products.</summary>
    /// <remarks>
    /// 256 bit VPDPBUSD multiplies as many bytes in a cycle as the 512 bit instructions without it, and needs no second instruction to add them:
    /// where a CPU has both, it goes first.
    /// </remarks>
    public static IntegerInstructionSet For(InstructionSet rung) => rung switch
    {
        InstructionSet.Avx512 => First(IntegerInstructionSet.AvxVnni, IntegerInstructionSet.Avx512, IntegerInstructionSet.Avx2),
        InstructionSet.Avx2 => First(IntegerInstructionSet.AvxVnni, IntegerInstructionSet.Avx2),
        InstructionSet.AdvSimd => First(IntegerInstructionSet.ArmDot, IntegerInstructionSet.AdvSimd),
        _ => IntegerInstructionSet.Scalar,
    };

    private static IntegerInstructionSet First(params ReadOnlySpan<IntegerInstructionSet> rungs)
    {
        foreach (var rung in rungs)
        {
            if (IsSupported(rung))
            {
                return rung;
            }
        }

        return IntegerInstructionSet.Scalar;
    }
}
