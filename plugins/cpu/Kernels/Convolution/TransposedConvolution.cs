using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.PackedCache;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Float transposed convolution of NHWC images. Outputs that lie alike between the inputs (a phase, stride x stride of them) see the same
/// kernel elements: each phase is a convolution of stride 1. Clamps and NaN as <see cref="Gemm"/>.
/// </summary>
internal static unsafe class TransposedConvolution
{
    // Each phase of each group has packed filters of its own.
    private const int MaxPhases = 65536;

    /// <summary>Packs filters.</summary>
    /// <param name="instructionSet">The rung whose kernels will read them.</param>
    /// <param name="filter">[OC, KH, KW, IC / groups], of the format's elements.</param>
    /// <param name="bias">OC values, or null for zero.</param>
    /// <param name="parameters">Geometry; padding matters not here.</param>
    /// <param name="format">What the filters are.</param>
    public static PackedConvolution Pack(
        InstructionSet instructionSet, void* filter, float* bias, in ConvolutionParameters parameters, WeightFormat format = WeightFormat.Float32)
    {
        var packed = Describe(instructionSet, parameters, format);
        packed.Attach(PackedBlock.Allocate(packed.ByteCount));
        Fill(packed, filter, bias, parameters);
        return packed;
    }

    /// <summary>The packed form of filters, without memory.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.PayloadNotSupported"/>: too many phases.</exception>
    public static PackedConvolution Describe(InstructionSet instructionSet, in ConvolutionParameters parameters, WeightFormat format = WeightFormat.Float32)
    {
        if ((long)parameters.StrideHeight * parameters.StrideWidth > MaxPhases / parameters.Groups)
        {
            throw new TandemException(
                ErrorCode.PayloadNotSupported, "the strides of a transposed convolution are too large",
                new ErrorDetails
                {
                    Expected = $"groups * stride * stride at most {MaxPhases}",
                    Found = $"{parameters.Groups} * {parameters.StrideHeight} * {parameters.StrideWidth}",
                });
        }

        var phases = parameters.StrideHeight * parameters.StrideWidth;
        var matrices = new PackedMatrix[parameters.Groups * phases];
        for (var i = 0; i < matrices.Length; i++)
        {
            var k = 0;
            for (var element = 0; element < parameters.KernelSize; element++)
            {
                k += IsInPhase(parameters, i % phases, element) ? parameters.GroupInputChannels : 0;
            }

            matrices[i] = new PackedMatrix(instructionSet, parameters.GroupOutputChannels, k, format);
        }

        return new PackedConvolution(matrices);
    }

    /// <summary>Packs filters into the attached memory.</summary>
    public static void Fill(PackedConvolution packed, void* filter, float* bias, in ConvolutionParameters parameters)
    {
        var n = parameters.GroupOutputChannels;
        var channels = parameters.GroupInputChannels;
        var channelBytes = channels * packed.Matrices[0].ElementBytes;
        var phases = parameters.StrideHeight * parameters.StrideWidth;
        var rows = (byte*)NativeMemory.Alloc((nuint)Math.Max(1, (nint)n * parameters.KernelSize * channelBytes));
        try
        {
            for (var group = 0; group < parameters.Groups; group++)
            {
                for (var phase = 0; phase < phases; phase++)
                {
                    var target = rows;
                    for (var output = 0; output < n; output++)
                    {
                        for (var element = 0; element < parameters.KernelSize; element++)
                        {
                            if (IsInPhase(parameters, phase, element))
                            {
                                var source = (byte*)filter + ((((((nint)group * n) + output) * parameters.KernelSize) + element) * channelBytes);
                                new ReadOnlySpan<byte>(source, channelBytes).CopyTo(new Span<byte>(target, channelBytes));
                                target += channelBytes;
                            }
                        }
                    }

                    Gemm.Fill(packed.Matrices[(group * phases) + phase], rows, false, bias == null ? null : bias + (group * n));
                }
            }
        }
        finally
        {
            NativeMemory.Free(rows);
        }
    }

    /// <summary>Bytes of scratch for <see cref="Run"/>, aligned to 64 bytes.</summary>
    public static nint GetScratchBytes(in ConvolutionParameters parameters, in ImageShape shape) =>
        TransposedConvolutionJob.OffsetBytes(parameters) + TransposedConvolutionJob.CopyBytes(parameters, shape);

    /// <summary>output = clamp(transposed convolution(input) + bias, min, max); parameters as of <see cref="Convolution.Run"/>.</summary>
    public static void Run(
        ComputePool? pool, TransposedConvolutionJob job, PackedConvolution filter, in ConvolutionParameters parameters, in ImageShape shape,
        float* input, float* output, float min, float max, byte* scratch) =>
        job.Run(pool, filter, parameters, shape, input, output, min, max, scratch);

    /// <summary>Whether outputs at position phase between the inputs (counted without cut-off) get something from a kernel element.</summary>
    internal static bool IsInPhase(in ConvolutionParameters p, int phase, int element) =>
        element / p.KernelWidth * p.DilationHeight % p.StrideHeight == phase / p.StrideWidth
        && element % p.KernelWidth * p.DilationWidth % p.StrideWidth == phase % p.StrideWidth;
}
