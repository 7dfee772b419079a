using Tandem.Plugins.Cpu.PackedCache;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Float depthwise convolution of NHWC images: each input channel (a group) makes <see cref="ConvolutionParameters.GroupOutputChannels"/>
/// outputs of its own. Clamps and NaN as <see cref="Gemm"/>.
/// </summary>
internal static unsafe class DepthwiseConvolution
{
    /// <summary>Packs filters.</summary>
    /// <param name="instructionSet">The rung whose kernels will read them.</param>
    /// <param name="filter">[1, KH, KW, output channels].</param>
    /// <param name="bias">A value for each output channel, or null for zero.</param>
    /// <param name="parameters">Geometry; one input channel a group.</param>
    public static PackedDepthwise Pack(InstructionSet instructionSet, float* filter, float* bias, in ConvolutionParameters parameters)
    {
        var packed = new PackedDepthwise(instructionSet, parameters.KernelSize, parameters.OutputChannels);
        packed.Attach(PackedBlock.Allocate(packed.ByteCount));
        packed.Fill(filter, bias);
        return packed;
    }

    /// <summary>Bytes of scratch for <see cref="Run"/>, aligned to 64 bytes.</summary>
    public static nint GetScratchBytes(in ConvolutionParameters parameters, in ImageShape shape, int threads) =>
        DepthwiseJob.ZeroBytes(parameters, shape) + (threads * DepthwiseJob.ScratchPerWorker(parameters, shape));

    /// <summary>Compiles what <see cref="Run"/> will call; see <see cref="KernelSet.Compile(int, int)"/>.</summary>
    public static void Prepare(PackedDepthwise filter, in ConvolutionParameters parameters)
    {
        var t = default(DepthwiseArguments) with { Stride = 1, Dilation = 1 };
        DepthwiseJob.Kernel(filter, parameters)(&t);
    }

    /// <summary>output = clamp(convolution(input) + bias, min, max); parameters as of <see cref="Convolution.Run"/>.</summary>
    public static void Run(
        ComputePool? pool, DepthwiseJob job, PackedDepthwise filter, in ConvolutionParameters parameters, in ImageShape shape,
        float* input, float* output, float min, float max, byte* scratch)
    {
        if (shape.Batch > 0 && shape.OutputHeight > 0 && shape.OutputWidth > 0 && parameters.OutputChannels > 0)
        {
            job.Run(pool, filter, parameters, shape, input, output, min, max, scratch);
        }
    }
}
