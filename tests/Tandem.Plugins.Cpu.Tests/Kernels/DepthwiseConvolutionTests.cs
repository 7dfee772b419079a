using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

public sealed unsafe class DepthwiseConvolutionTests
{
    public static TheoryData<string> All => Rungs.Float;

    [Theory]
    [MemberData(nameof(All))]
    public void Depthwise_convolutions_equal_a_naive_loop(string rung)
    {
        var isa = Rungs.Use(rung);
        var job = new DepthwiseJob();
        var seed = 0;
        foreach (var (kh, kw) in (ReadOnlySpan<(int, int)>)[(3, 3), (5, 5), (1, 4), (3, 2), (7, 7)])
        {
            foreach (var stride in (int[])[1, 2, 3])
            {
                foreach (var dilation in (int[])[1, 2])
                {
                    foreach (var pad in (int[])[0, 1, 2])
                    {
                        foreach (var (channels, multiplier) in (ReadOnlySpan<(int, int)>)[(1, 1), (7, 1), (16, 1), (72, 1), (33, 1), (6, 3)])
                        {
                            seed++;
                            var p = new ConvolutionParameters(kh, kw, stride, stride, dilation, dilation, pad, pad, channels, 1, multiplier);
                            Check(job, isa, p, 12 + (seed % 3), 11 + (seed % 4), seed, 1 + (seed % 2), 1);
                        }
                    }
                }
            }
        }

        // Images hardly wider than the kernel: both edges in one column, or nothing between them.
        for (var width = 1; width <= 6; width++)
        {
            foreach (var (stride, pad) in (ReadOnlySpan<(int, int)>)[(1, 1), (2, 1), (1, 2), (2, 0)])
            {
                Check(job, isa, new(3, 3, stride, stride, 1, 1, pad, pad, 20, 1, 1), 5, width, width, 1, 1);
                Check(job, isa, new(5, 5, stride, stride, 1, 1, 2, pad, 20, 1, 1), 5, width, width, 1, 1);
            }
        }

        foreach (var kernel in (int[])[3, 4, 5])
        {
            var p = new ConvolutionParameters(kernel, kernel, 1, 1, 1, 1, 1, 1, 20, 1, 1);
            using var filter = NativeFloats.Random(kernel * kernel * 20, 1);
            using var packed = DepthwiseConvolution.Pack(isa, filter.Pointer, null, p);
            DepthwiseConvolution.Prepare(packed, p);
        }

        Check(job, isa, new(3, 3, 1, 1, 1, 1, 1, 1, 72, 1, 1), 56, 57, 1, 1, 2);
        Check(job, isa, new(5, 5, 2, 2, 1, 1, 2, 2, 24, 1, 2), 56, 57, 2, 1, 2);
    }

    [Fact]
    public void Running_convolutions_allocates_nothing()
    {
        var isa = CpuFeatures.Best;
        var dense = new ConvolutionParameters(3, 3, 1, 1, 1, 1, 1, 1, 1, 16, 16);
        var separate = new ConvolutionParameters(3, 3, 1, 1, 1, 1, 1, 1, 16, 1, 1);
        var shape = new ImageShape(1, 9, 9, 9, 9, 16, 16);
        using var x = NativeFloats.Random(9 * 9 * 16, 1);
        using var w = NativeFloats.Random(16 * 9 * 16, 2);
        using var y = new NativeFloats(9 * 9 * 16);
        using var denseFilter = Convolution.Pack(isa, w.Pointer, null, dense);
        using var transposedFilter = TransposedConvolution.Pack(isa, w.Pointer, null, dense);
        using var separateFilter = DepthwiseConvolution.Pack(isa, w.Pointer, null, separate);
        using var scratch = new NativeFloats(1 << 16);
        var (denseJob, transposedJob, separateJob) = (new ConvolutionJob(), new TransposedConvolutionJob(), new DepthwiseJob());
        long before = 0;
        for (var i = 0; i < 20; i++)
        {
            Convolution.Run(null, denseJob, denseFilter, dense, shape, x.Pointer, y.Pointer, 0, 6, scratch.Bytes);
            TransposedConvolution.Run(null, transposedJob, transposedFilter, dense, shape, x.Pointer, y.Pointer, 0, 6, scratch.Bytes);
            DepthwiseConvolution.Run(null, separateJob, separateFilter, separate, shape, x.Pointer, y.Pointer, 0, 6, scratch.Bytes);
            before = i == 0 ? GC.GetAllocatedBytesForCurrentThread() : before;
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Check(DepthwiseJob job, InstructionSet isa, ConvolutionParameters p, int height, int width, int seed, int batch, int threads)
    {
        var outHeight = ((height + (2 * p.PaddingTop) - ((p.KernelHeight - 1) * p.DilationHeight) - 1) / p.StrideHeight) + 1;
        var outWidth = ((width + (2 * p.PaddingLeft) - ((p.KernelWidth - 1) * p.DilationWidth) - 1) / p.StrideWidth) + 1;
        if (outHeight <= 0 || outWidth <= 0)
        {
            return;
        }

        var shape = new ImageShape(batch, height, width, outHeight, outWidth, p.InputChannels + (seed % 3), p.OutputChannels + (seed % 4));
        using var x = NativeFloats.Random((int)shape.InputImage * batch, seed);
        using var stored = NativeFloats.Random(p.OutputChannels * p.KernelSize, seed + 1);
        using var bias = NativeFloats.Random(p.OutputChannels, seed + 2);
        using var y = new NativeFloats((int)shape.OutputImage * batch);
        y.Span.Fill(-77);
        var (min, max) = seed % 2 == 0 ? (0f, 6f) : (float.NegativeInfinity, float.PositiveInfinity);
        using var packed = DepthwiseConvolution.Pack(isa, stored.Pointer, bias.Pointer, p);
        using var scratch = new NativeFloats((int)(DepthwiseConvolution.GetScratchBytes(p, shape, threads) / 4));
        DepthwiseConvolution.Run(threads == 1 ? null : new TestPool(threads), job, packed, p, shape, x.Pointer, y.Pointer, min, max, scratch.Bytes);

        // The reference knows [OC, KH, KW, 1].
        var w = new float[stored.Count];
        for (var o = 0; o < p.OutputChannels; o++)
        {
            for (var e = 0; e < p.KernelSize; e++)
            {
                w[(o * p.KernelSize) + e] = stored.Span[(e * p.OutputChannels) + o];
            }
        }

        var expected = ConvolutionReference.Run(p, shape, x.Span, w, bias.Span, min, max);
        ConvolutionReference.Compare($"{isa} {p} {shape}", shape, p.OutputChannels, expected, y.Span);
    }
}
