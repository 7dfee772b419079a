using System.Runtime.InteropServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Bias and filters [kernel element][output channel] of a depthwise convolution, padded to whole registers. Immutable native memory.</summary>
internal sealed unsafe class PackedDepthwise : IDisposable
{
    private float* _memory;

    internal PackedDepthwise(InstructionSet instructionSet, float* filter, float* bias, int kernelSize, int channels)
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
        _memory = (float*)NativeMemory.AlignedAlloc((nuint)ByteCount + 64, 64);
        for (nint row = -1; row < kernelSize; row++)
        {
            var destination = new Span<float>(_memory + ((row + 1) * Stride), Stride);
            destination.Clear();
            var source = row < 0 ? bias : filter + (row * channels);
            if (source != null)
            {
                new ReadOnlySpan<float>(source, channels).CopyTo(destination);
            }
        }
    }

    ~PackedDepthwise() => NativeMemory.AlignedFree(_memory);

    public KernelSet Kernels { get; }

    /// <summary>Bytes held.</summary>
    public nint ByteCount { get; }

    /// <summary>Elements from one kernel element to the next.</summary>
    public int Stride { get; }

    public float* Bias => _memory;

    public float* Weights => _memory + Stride;

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
        GC.SuppressFinalize(this);
    }
}
