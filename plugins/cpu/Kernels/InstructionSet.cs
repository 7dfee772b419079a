namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>The rungs of the kernel ladder, slowest first; a kernel is compiled from one source for each.</summary>
internal enum InstructionSet
{
    /// <summary>One lane, no SIMD.</summary>
    Scalar,

    /// <summary>Four lanes through the portable <c>Vector128</c>.</summary>
    Vector128,

    /// <summary>Four lanes, ARM64.</summary>
    AdvSimd,

    /// <summary>Eight lanes, x64 AVX2 with FMA.</summary>
    Avx2,

    /// <summary>Sixteen lanes, x64 AVX-512F.</summary>
    Avx512,
}
