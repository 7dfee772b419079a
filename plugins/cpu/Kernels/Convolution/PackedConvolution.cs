namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Packed filters of a convolution, one matrix a group (for a transposed convolution one a group and output phase). Immutable.</summary>
internal sealed class PackedConvolution : IDisposable
{
    internal PackedConvolution(PackedMatrix[] matrices)
    {
        Matrices = matrices;
        foreach (var matrix in matrices)
        {
            ByteCount += matrix.ByteCount;
        }
    }

    /// <summary>Bytes held.</summary>
    public nint ByteCount { get; }

    public KernelSet Kernels => Matrices[0].Kernels;

    internal PackedMatrix[] Matrices { get; }

    public void Dispose()
    {
        foreach (var matrix in Matrices)
        {
            matrix.Dispose();
        }
    }
}
