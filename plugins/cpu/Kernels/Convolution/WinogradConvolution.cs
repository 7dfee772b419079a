using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// 3x3 convolutions of stride 1 with fewer multiplications, by Winograd's F(2x2, 3x3). Filters are those of <see cref="Convolution"/>, transformed while
/// running: beside the products that costs little, and one packed form serves all image sizes. Tiles in which a sum is not finite, or is larger than about a
/// million, are computed by definition, so NaN and infinities reach the same outputs as in <see cref="Convolution"/>.
/// </summary>
internal static unsafe class WinogradConvolution
{
    // By measurement, in cycles: to transform 16 filters of a channel; 16 channels of an input tile; 16 channels of an output tile, with what it costs
    // to begin and end its products. They are bound by the bytes that they store, so 256 bits do as well as 512.
    private const double FilterCycles = 60;
    private const double InputCycles = 65;
    private const double OutputCycles = 75;
    private const double ProductOverhead = 1.1;
    private const double LeastGain = 1.12;
    private const int MaxTiles = 1 << 28;

    /// <summary>Whether a convolution can be computed so, and is faster for it.</summary>
    public static bool Pays(PackedConvolution filter, in ConvolutionParameters parameters, in ImageShape shape)
    {
        var tiles = (double)shape.Batch * ((shape.OutputHeight + 1) / 2) * ((shape.OutputWidth + 1) / 2);
        if (!WinogradPlan.Fits(parameters) || tiles > MaxTiles)
        {
            return false;
        }

        // For one input channel and 16 output channels, with two multiply-adds of a register a cycle.
        var cyclesPerTerm = 8.0 / filter.Kernels.Width;
        var direct = (double)shape.Batch * shape.OutputHeight * shape.OutputWidth * parameters.KernelSize * cyclesPerTerm;
        var products = tiles * WinogradPlan.Positions * cyclesPerTerm * ProductOverhead;
        var transforms = FilterCycles + (tiles * InputCycles / parameters.GroupOutputChannels) + (tiles * OutputCycles / parameters.GroupInputChannels);
        return direct >= LeastGain * (products + (transforms * Math.Max(1, cyclesPerTerm)));
    }

    /// <summary>Bytes of scratch for <see cref="Run"/>, aligned to 64 bytes.</summary>
    public static nint GetScratchBytes(PackedConvolution filter, in ConvolutionParameters parameters, in ImageShape shape, int threads) =>
        new WinogradPlan(parameters, shape, filter.Matrices[0], threads).ScratchBytes;

    /// <inheritdoc cref="Convolution.Prepare"/>
    public static void Prepare(PackedConvolution filter, in ConvolutionParameters parameters, in ImageShape shape, int threads)
    {
        var plan = new WinogradPlan(parameters, shape, filter.Matrices[0], threads);
        var lastPanels = filter.Matrices[0].PanelCount % plan.PanelsPerChunk;
        var products = KernelSet.For(filter.Kernels.InstructionSet);
        foreach (var panels in (ReadOnlySpan<int>)[plan.PanelsPerChunk, lastPanels])
        {
            products.Compile(plan.TilesPerBlock, panels);
            products.Compile(plan.Tiles % plan.TilesPerBlock, panels);
        }

        filter.Kernels.CompileWinograd();
    }

    /// <inheritdoc cref="Convolution.Run"/>
    public static void Run(
        ComputePool? pool, WinogradJob job, PackedConvolution filter, in ConvolutionParameters parameters, in ImageShape shape,
        float* input, float* output, float min, float max, byte* scratch) =>
        job.Run(pool, filter, parameters, shape, input, output, min, max, scratch);
}
