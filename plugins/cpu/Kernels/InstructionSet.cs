namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// The rungs of the kernel ladder, slowest first; a kernel is compiled from one source for each. Float kernels have no use for the dot-product
/// instructions: <see cref="CpuFeatures.ToFloat"/> names the rung that serves them.
/// </summary>
internal enum InstructionSet
{
    /// <summary>One lane, no SIMD.</summary>
    Scalar,

    /// <summary>128 bits through the portable <c>Vector128</c>.</summary>
    Vector128,

    /// <summary>128 bits, ARM64.</summary>
    AdvSimd,

    /// <summary>128 bits, ARM64 with dot products of 8-bit integers.</summary>
    ArmDot,

    /// <summary>256 bits, x64 AVX2 with FMA.</summary>
    Avx2,

    /// <summary>256 bits, x64 AVX2 with dot products of 8-bit integers (AVX-VNNI).</summary>
    AvxVnni,

    /// <summary>512 bits, x64 AVX-512 F, BW, DQ and VL.</summary>
    Avx512,

    /// <summary>512 bits, x64 AVX-512 with dot products of 8-bit integers (AVX512_VNNI), through machine code of the plugin's own.</summary>
    Avx512Vnni,
}
