using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu;

/// <summary>The load-time options of the plugin.</summary>
internal static class CpuOptions
{
    /// <summary>The highest rung of the kernel ladder to use: avx512vnni, avx512, avxvnni, avx2, armdot, advsimd, vector128 or scalar.</summary>
    public const string InstructionSetName = "isa";

    private const string Names = "avx512vnni, avx512, avxvnni, avx2, armdot, advsimd, vector128 or scalar";

    /// <summary>The rung that the options allow and this CPU has.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.ConfigurationInvalid"/>: no such rung.</exception>
    public static InstructionSet GetInstructionSet(BackendOptions options)
    {
        var text = options.GetString(InstructionSetName);
        return text?.ToLowerInvariant() switch
        {
            null or "" => CpuFeatures.Best,
            "avx512vnni" => CpuFeatures.BestUpTo(InstructionSet.Avx512Vnni),
            "avx512" => CpuFeatures.BestUpTo(InstructionSet.Avx512),
            "avxvnni" => CpuFeatures.BestUpTo(InstructionSet.AvxVnni),
            "avx2" => CpuFeatures.BestUpTo(InstructionSet.Avx2),
            "armdot" => CpuFeatures.BestUpTo(InstructionSet.ArmDot),
            "advsimd" => CpuFeatures.BestUpTo(InstructionSet.AdvSimd),
            "vector128" => CpuFeatures.BestUpTo(InstructionSet.Vector128),
            "scalar" => InstructionSet.Scalar,
            _ => throw new TandemException(ErrorCode.ConfigurationInvalid, "the option names no instruction set", new ErrorDetails
            {
                Location = InstructionSetName,
                Expected = Names,
                Found = text,
                NextStep = "correct the option, or leave it out for the best instruction set of this CPU",
            }),
        };
    }
}
