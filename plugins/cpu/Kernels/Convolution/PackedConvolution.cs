using Tandem.Plugins.Cpu.PackedCache;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Packed filters of a convolution, one matrix a group (for a transposed convolution one a group and output phase). Immutable once it is filled.</summary>
internal sealed unsafe class PackedConvolution : PackedForm
{
    internal PackedConvolution(PackedMatrix[] matrices)
    {
        Matrices = matrices;
        foreach (var matrix in matrices)
        {
            ByteCount += Aligned(matrix);
        }
    }

    public override nint ByteCount { get; }

    public KernelSet Kernels => Matrices[0].Kernels;

    internal PackedMatrix[] Matrices { get; }

    internal override void Place(byte* memory)
    {
        base.Place(memory);
        foreach (var matrix in Matrices)
        {
            matrix.Place(memory);
            memory += Aligned(matrix);
        }
    }

    private static nint Aligned(PackedMatrix matrix) => (matrix.ByteCount + 63) & ~63;
}
