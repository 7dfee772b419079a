namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>What elements of packed float weights are in memory; products are computed in floats all the same.</summary>
internal enum WeightFormat
{
    Float32,

    /// <summary>IEEE 754 half precision: torch.float16.</summary>
    Float16,

    /// <summary>The same without infinities and NaN: fewer instructions widen it.</summary>
    FiniteFloat16,

    /// <summary>The upper half of a float: torch.bfloat16.</summary>
    BFloat16,
}
