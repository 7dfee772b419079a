using Tandem.Plugins.Cpu.PackedCache;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Bias and filters [kernel element][output channel] of a depthwise convolution, padded to whole registers. Immutable once it is filled.</summary>
internal sealed unsafe class PackedDepthwise : PackedForm
{
    private readonly int _kernelSize;
    private readonly int _channels;
    /// <summary>Describes the form; its memory is attached.</summary>
    internal PackedDepthwise(InstructionSet instructionSet, int kernelSize, int channels)
    {
        instructionSet = CpuFeatures.ToFloat(instructionSet);

        // Registers wider than the pixel would be tails only.
        while (instructionSet > InstructionSet.AdvSimd && KernelSet.For(instructionSet).Width > channels)
        {
            instructionSet = instructionSet == InstructionSet.Avx512 ? InstructionSet.Avx2 : InstructionSet.Vector128;
        }

        Kernels = KernelSet.For(instructionSet);
        Stride = (channels + 15) & ~15;
        ByteCount = (nint)Stride * (kernelSize + 1) * sizeof(float);
        (_kernelSize, _channels) = (kernelSize, channels);
    }

    public KernelSet Kernels { get; }

    /// <summary>Bytes held.</summary>
    public override nint ByteCount { get; }

    /// <summary>Elements from one kernel element to the next.</summary>
    public int Stride { get; }

    public float* Bias => (float*)Memory;

    public float* Weights => (float*)Memory + Stride;

    /// <summary>Packs into the attached memory.</summary>
    /// <param name="filter">[kernel element][channel].</param>
    /// <param name="bias">A value for each channel, or null for zero.</param>
    internal void Fill(float* filter, float* bias)
    {
        for (nint row = -1; row < _kernelSize; row++)
        {
            var destination = new Span<float>(Bias + ((row + 1) * Stride), Stride);
            destination.Clear();
            var source = row < 0 ? bias : filter + (row * _channels);
            if (source != null)
            {
                new ReadOnlySpan<float>(source, _channels).CopyTo(destination);
            }
        }
    }
}
