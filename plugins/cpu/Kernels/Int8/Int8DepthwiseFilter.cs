using Tandem.Plugins.Cpu.PackedCache;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Filters of a depthwise convolution of signed bytes: for each 16 channels [four kernel rows][kernel column][16][4], zeros beyond; then a 32-bit bias and a
/// float scale for each channel. Direct ones are for <see cref="MachineCode.VnniDepthwise3x3"/>: for each 64 channels its weights, biases and scales in its
/// own order. Immutable once it is filled.
/// </summary>
internal sealed unsafe class Int8DepthwiseFilter : PackedForm
{
    /// <summary>Describes the form; its memory is attached.</summary>
    /// <param name="rung">The rung whose kernels read it.</param>
    /// <param name="kernelHeight">Rows of the kernel.</param>
    /// <param name="kernelWidth">Columns of the kernel.</param>
    /// <param name="channels">Channels of the output.</param>
    /// <param name="fitsDirect">Whether <see cref="Int8DirectDepthwiseJob.Fits"/> says so of the convolution.</param>
    public Int8DepthwiseFilter(InstructionSet rung, int kernelHeight, int kernelWidth, int channels, bool fitsDirect)
    {
        IsDirect = fitsDirect && rung == InstructionSet.Avx512Vnni;
        Rung = IsDirect ? rung : rung == InstructionSet.Avx512Vnni && System.Runtime.Intrinsics.X86.AvxVnni.IsSupported ? InstructionSet.AvxVnni
            : rung == InstructionSet.Avx512Vnni ? InstructionSet.Avx512 : rung;
        Offset = IsDirect || Rung == InstructionSet.AvxVnni ? 128 : 0;
        (KernelHeight, KernelWidth, Channels) = (kernelHeight, kernelWidth, channels);
        RowGroups = (kernelHeight + 3) / 4;
        SliceCount = (channels + 15) / 16;
        SliceStride = (nint)RowGroups * kernelWidth * 64;
        ByteCount = SliceCount * (SliceStride + (16 * 8));
        if (IsDirect)
        {
            SliceCount = (channels + DirectChannels - 1) / DirectChannels;
            SliceStride = (kernelWidth * DirectChannels * 4) + (DirectChannels * 8);
            ByteCount = SliceCount * SliceStride;
        }
    }

    /// <summary>Channels of a slice of a direct filter.</summary>
    public const int DirectChannels = 64;

    /// <summary>Whether it is for <see cref="Int8DirectDepthwiseJob"/>.</summary>
    public bool IsDirect { get; }

    /// <summary>The rung of the kernel: 512-bit dot products of bytes are none that .NET has.</summary>
    public InstructionSet Rung { get; }

    /// <summary>What the kernel adds to every byte of the input.</summary>
    public int Offset { get; }

    public int KernelHeight { get; }

    public int KernelWidth { get; }

    public int Channels { get; }

    public int RowGroups { get; }

    public int SliceCount { get; }

    public nint SliceStride { get; }

    public override nint ByteCount { get; }

    /// <summary>Biases of a slice of a direct filter.</summary>
    public int* DirectBias(int slice) => (int*)(Weights(slice) + (KernelWidth * DirectChannels * 4));

    /// <summary>Scales of a slice of a direct filter.</summary>
    public float* DirectScales(int slice) => (float*)(DirectBias(slice) + DirectChannels);

    public byte* Weights(int slice) => Memory + (slice * SliceStride);

    public int* Bias => (int*)(Memory + (SliceCount * SliceStride));

    public float* Scales => (float*)(Bias + (SliceCount * 16));

    /// <summary>Packs into the attached memory.</summary>
    /// <param name="filter">[kernel row][kernel column][channel].</param>
    /// <param name="bias">A value for each channel, or null for zero.</param>
    /// <param name="scales">The factor from sums to results, for each channel.</param>
    /// <param name="inputZeroPoint">Zero point of the input.</param>
    public void Fill(sbyte* filter, int* bias, ReadOnlySpan<float> scales, int inputZeroPoint)
    {
        for (var channel = 0; channel < Channels; channel++)
        {
            var sum = 0;
            for (var y = 0; y < KernelHeight; y++)
            {
                for (var x = 0; x < KernelWidth; x++)
                {
                    var weight = filter[((((nint)y * KernelWidth) + x) * Channels) + channel];
                    sum += weight;
                    var place = IsDirect ? (sbyte*)Weights(channel / DirectChannels) + (((x * DirectChannels) + DirectLane(channel)) * 4) + y
                        : (sbyte*)Weights(channel / 16) + ((((y / 4 * KernelWidth) + x) * 64) + (channel % 16 * 4) + (y % 4));
                    *place = weight;
                }
            }

            var start = unchecked((bias == null ? 0 : bias[channel]) - ((inputZeroPoint + Offset) * sum));
            if (IsDirect)
            {
                var slice = channel / DirectChannels;
                DirectBias(slice)[DirectLane(channel)] = start;
                DirectScales(slice)[DirectLane(channel)] = scales[channel];
            }
            else
            {
                Bias[channel] = start;
                Scales[channel] = scales[channel];
            }
        }
    }

    // Interleaving takes bytes of each 128 bits by fours: lane 4 i + c of register j is channel 16 i + 4 j + c.
    private static int DirectLane(int channel) => (channel % 16 / 4 * 16) + (channel % DirectChannels / 16 * 4) + (channel % 4);
}
