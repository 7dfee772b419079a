namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>The rungs of the ladder of integer kernels, which differ by how they multiply bytes; slowest first.</summary>
internal enum IntegerInstructionSet
{
    /// <summary>No SIMD.</summary>
    Scalar,

    /// <summary>ARM64: widening multiplications.</summary>
    AdvSimd,

    /// <summary>ARM64 with SDOT: four products of bytes to a lane.</summary>
    ArmDot,

    /// <summary>x64 AVX2: pairs of 16 bit products.</summary>
    Avx2,

    /// <summary>x64 AVX2 with the 256 bit VPDPBUSD: four products of bytes to a lane.</summary>
    AvxVnni,

    /// <summary>x64 AVX-512 with byte and word instructions.</summary>
    Avx512,
}
