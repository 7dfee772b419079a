namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Products C[b] = clamp(A[b] * B[b]) of activations; strides and offsets in elements.</summary>
internal unsafe struct BatchMatMulArguments
{
    public float* A;

    public float* B;

    public float* C;

    /// <summary>Number of products.</summary>
    public int BatchCount;

    /// <summary>Where each product's A begins; null: one after the other, M * AStride apart.</summary>
    public nint* AOffsets;

    /// <summary>Where each product's B begins; null: one after the other.</summary>
    public nint* BOffsets;

    /// <summary>From one product's C to the next.</summary>
    public nint CBatchStride;

    public int M;

    public int N;

    public int K;

    /// <summary>From one row of A to the next.</summary>
    public nint AStride;

    /// <summary>From one row of B, of N or if transposed of K elements, to the next.</summary>
    public nint BStride;

    /// <summary>From one row of C to the next.</summary>
    public nint CStride;

    /// <summary>Whether B is [N, K] instead of [K, N].</summary>
    public bool IsBTransposed;

    public float Min;

    public float Max;
}
