namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>One of the products of the same rows: their weights, and where the results go.</summary>
internal unsafe struct QuantizedProduct
{
    /// <summary>Packed weights.</summary>
    public PackedQuantizedMatrix Weights;

    /// <summary>First result.</summary>
    public float* C;

    /// <summary>Elements from one row of results to the next.</summary>
    public nint CStride;

    /// <summary>Lower bound of the results.</summary>
    public float Min;

    /// <summary>Upper bound of the results.</summary>
    public float Max;
}
