using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// 3x3 convolutions of stride 1 with fewer multiplications, by Winograd's F(2x2, 3x3). Filters are those of <see cref="Convolution"/>, transformed while
/// running: beside the products that costs little, and one packed form serves all image sizes. Tiles in which a sum is not finite, or is larger than about a
/// million, are computed by definition, so NaN and infinities reach the same outputs as in <see cref="Convolution"/>.
/// </summary>
internal static unsafe class WinogradConvolution
{
    /// <summary>Whether a convolution can be computed so, and is faster for it.</summary>
    public static bool Pays(in ConvolutionParameters parameters, in ImageShape shape) =>
        WinogradPlan.Fits(parameters) && parameters.GroupInputChannels >= 16 && parameters.GroupOutputChannels >= 16
        && (long)shape.Batch * ((shape.OutputHeight + 1) / 2) * ((shape.OutputWidth + 1) / 2) >= 16;

    /// <summary>Bytes of scratch for <see cref="Run"/>, aligned to 64 bytes.</summary>
    public static nint GetScratchBytes(PackedConvolution filter, in ConvolutionParameters parameters, in ImageShape shape, int threads) =>
        new WinogradPlan(parameters, shape, filter.Matrices[0], threads).ScratchBytes;

    /// <inheritdoc cref="Convolution.Prepare"/>
    public static void Prepare(PackedConvolution filter, in ConvolutionParameters parameters, in ImageShape shape, int threads)
    {
        var plan = new WinogradPlan(parameters, shape, filter.Matrices[0], threads);
        filter.Kernels.Compile(plan.TilesPerBlock, plan.PanelsPerChunk);
        filter.Kernels.Compile(plan.Tiles % plan.TilesPerBlock, plan.PanelsPerChunk);
        filter.Kernels.CompileWinograd();
    }

    /// <inheritdoc cref="Convolution.Run"/>
    public static void Run(
        ComputePool? pool, WinogradJob job, PackedConvolution filter, in ConvolutionParameters parameters, in ImageShape shape,
        float* input, float* output, float min, float max, byte* scratch) =>
        job.Run(pool, filter, parameters, shape, input, output, min, max, scratch);
}
