namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>How the weights of a product with 8-bit activations are stored, and where their scales stand.</summary>
internal enum QuantizedWeightKind
{
    /// <summary>4 bits, a bfloat16 scale for every 32 steps of K (qbint4).</summary>
    Int4Block32,

    /// <summary>4 bits, a bfloat16 scale for every 64 steps of K or a larger multiple of 32 (qbint4).</summary>
    Int4Group,

    /// <summary>4 bits, a float scale for every column (qcint4).</summary>
    Int4Channel,

    /// <summary>8 bits, a float scale for every column (qcint8).</summary>
    Int8Channel,
}
