using Tandem.Plugins.Cpu.PackedCache;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>
/// Float convolution of NHWC images: a matrix product whose rows are read where they lie in the image, without a patch matrix. Clamps and
/// NaN as <see cref="Gemm"/>; padding contributes zeros.
/// </summary>
internal static unsafe class Convolution
{
    /// <summary>Packs filters.</summary>
    /// <param name="instructionSet">The rung whose kernels will read them.</param>
    /// <param name="filter">[OC, KH, KW, IC / groups], of the format's elements.</param>
    /// <param name="bias">OC values, or null for zero.</param>
    /// <param name="parameters">Geometry; only kernel size, groups and channels matter here.</param>
    /// <param name="format">What the filters are.</param>
    public static PackedConvolution Pack(
        InstructionSet instructionSet, void* filter, float* bias, in ConvolutionParameters parameters, WeightFormat format = WeightFormat.Float32)
    {
        var packed = Describe(instructionSet, parameters, format);
        packed.Attach(PackedBlock.Allocate(packed.ByteCount));
        Fill(packed, filter, bias);
        return packed;
    }

    /// <summary>The packed form of filters, without memory.</summary>
    public static PackedConvolution Describe(InstructionSet instructionSet, in ConvolutionParameters parameters, WeightFormat format = WeightFormat.Float32)
    {
        var matrices = new PackedMatrix[parameters.Groups];
        for (var group = 0; group < matrices.Length; group++)
        {
            matrices[group] = new PackedMatrix(instructionSet, parameters.GroupOutputChannels, parameters.KernelSize * parameters.GroupInputChannels, format);
        }

        return new PackedConvolution(matrices);
    }

    /// <summary>Packs filters into the attached memory.</summary>
    public static void Fill(PackedConvolution packed, void* filter, float* bias)
    {
        foreach (var matrix in packed.Matrices)
        {
            Gemm.Fill(matrix, filter, false, bias);
            filter = (byte*)filter + ((nint)matrix.N * matrix.K * matrix.ElementBytes);
            bias = bias == null ? null : bias + matrix.N;
        }
    }

    /// <summary>Bytes of scratch for <see cref="Run"/>, aligned to 64 bytes.</summary>
    public static nint GetScratchBytes(PackedConvolution filter, in ConvolutionParameters parameters, in ImageShape shape, int threads) =>
        new ConvolutionPlan(parameters, shape, filter.Matrices[0], threads).ScratchBytes;

    /// <summary>Compiles what <see cref="Run"/> will call; see <see cref="KernelSet.Compile(int, int)"/>.</summary>
    public static void Prepare(PackedConvolution filter, in ConvolutionParameters parameters, in ImageShape shape, int threads)
    {
        var weights = filter.Matrices[0];
        var plan = new ConvolutionPlan(parameters, shape, weights, threads);
        if (plan.IsProduct)
        {
            Gemm.Prepare(weights, shape.Batch * shape.OutputHeight * shape.OutputWidth);
            return;
        }

        var pixels = plan.BandRows * shape.OutputWidth;
        filter.Kernels.Compile(Math.Min(pixels, ConvolutionJob.PixelsPerBlock), plan.PanelsPerChunk);
        filter.Kernels.Compile(pixels % ConvolutionJob.PixelsPerBlock, plan.PanelsPerChunk);
    }

    /// <summary>output = clamp(convolution(input) + bias, min, max).</summary>
    /// <param name="pool">Threads; null runs on the caller's.</param>
    /// <param name="job">An object that the caller keeps, used by one convolution at a time.</param>
    /// <param name="filter">Packed filters.</param>
    /// <param name="parameters">Geometry.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="input">First input pixel.</param>
    /// <param name="output">First output pixel; overlaps nothing.</param>
    /// <param name="min">Lower bound.</param>
    /// <param name="max">Upper bound.</param>
    /// <param name="scratch">As many bytes as <see cref="GetScratchBytes"/> says for the pool's threads.</param>
    public static void Run(
        ComputePool? pool, ConvolutionJob job, PackedConvolution filter, in ConvolutionParameters parameters, in ImageShape shape,
        float* input, float* output, float min, float max, byte* scratch) =>
        job.Run(pool, filter, parameters, shape, input, output, min, max, scratch);
}
