using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

/// <summary>Blocks that run by rows against their layers one after the other. Tiles of few rows sum in another order than others, so the last bits differ.</summary>
public sealed unsafe class InvertedResidualTests
{
    public static TheoryData<string> All => Rungs.Float;

    [Theory]
    [MemberData(nameof(All))]
    public void Blocks_of_every_form_equal_their_layers(string name)
    {
        var rung = Rungs.Use(name);
        var seed = 0;
        foreach (var first in (string[])["none", "1x1", "3x3"])
        {
            foreach (var (kernel, stride, dilation, padding) in (ReadOnlySpan<(int, int, int, int)>)[(3, 1, 1, 1), (3, 2, 1, 1), (5, 1, 1, 2), (3, 1, 2, 2), (3, 1, 1, 0), (1, 1, 1, 0)])
            {
                foreach (var (height, width) in (ReadOnlySpan<(int, int)>)[(5, 6), (13, 9), (40, 33), (7, 130)])
                {
                    Check(rung, first, kernel, stride, dilation, padding, height, width, ++seed);
                }
            }
        }
    }

    [Fact]
    public void Running_a_block_allocates_nothing()
    {
        var rung = CpuFeatures.Best;
        var p = new ConvolutionParameters(3, 3, 1, 1, 1, 1, 1, 1, 16, 1, 1);
        var shape = new ImageShape(1, 9, 9, 9, 9, 16, 16);
        using var x = NativeFloats.Random(9 * 9 * 16, 1);
        using var w = NativeFloats.Random(16 * 16, 2);
        using var y = new NativeFloats(9 * 9 * 16);
        using var pointwise = Convolution.Pack(rung, w.Pointer, null, new(1, 1, 1, 1, 1, 1, 0, 0, 1, 16, 16));
        using var depthwise = DepthwiseConvolution.Pack(rung, w.Pointer, null, p);
        var job = new InvertedResidualJob();
        var block = new InvertedResidual { Depthwise = depthwise, DepthwiseBounds = (0, 6), Project = pointwise.Matrices[0], ProjectBounds = (-9, 9) };
        using var scratch = new NativeFloats((int)job.Plan(block, p, shape, default, shape, 1) / 4);
        InvertedResidualJob.Prepare(block, p, shape, 1);
        job.Run(null, x.Pointer, y.Pointer, scratch.Bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        job.Run(null, x.Pointer, y.Pointer, scratch.Bytes);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Check(InstructionSet rung, string first, int kernel, int stride, int dilation, int padding, int height, int width, int seed)
    {
        const int Batch = 2;
        var (inputs, between, outputs) = (first == "none" ? 21 : first == "1x1" ? 9 : 3, 21, first == "1x1" ? 9 : 24);
        var isProduct = first != "3x3";
        var firstParameters = isProduct ? new ConvolutionParameters(1, 1, 1, 1, 1, 1, 0, 0, 1, inputs, between)
            : new ConvolutionParameters(3, 3, 2, 2, 1, 1, 1, 1, 1, inputs, between);
        var (middleHeight, middleWidth) = isProduct ? (height, width) : (((height - 1) / 2) + 1, ((width - 1) / 2) + 1);
        var firstShape = new ImageShape(Batch, height, width, middleHeight, middleWidth, inputs, between);
        var p = new ConvolutionParameters(kernel, kernel, stride, stride, dilation, dilation, padding, padding, between, 1, 1);
        var reach = ((kernel - 1) * dilation) + 1;
        var (outHeight, outWidth) = (((middleHeight + (2 * padding) - reach) / stride) + 1, ((middleWidth + (2 * padding) - reach) / stride) + 1);
        if (middleHeight + (2 * padding) < reach || middleWidth + (2 * padding) < reach)
        {
            return;
        }

        var middle = new ImageShape(Batch, middleHeight, middleWidth, outHeight, outWidth, between, between);
        var last = new ConvolutionParameters(1, 1, 1, 1, 1, 1, 0, 0, 1, between, outputs);
        var lastShape = new ImageShape(Batch, outHeight, outWidth, outHeight, outWidth, between, outputs);
        var hasSum = first == "1x1" && stride == 1 && outHeight == height && outWidth == width;

        using var x = NativeFloats.Random(Batch * height * width * inputs, seed);
        (x.Span[3], x.Span[x.Count / 2], x.Span[x.Count - 1]) = (float.NaN, float.PositiveInfinity, -1e30f);
        using var w1 = NativeFloats.Random(between * firstParameters.KernelSize * inputs, seed + 1);
        using var w2 = NativeFloats.Random(between * p.KernelSize, seed + 2);
        using var w3 = NativeFloats.Random(outputs * between, seed + 3);
        using var bias = NativeFloats.Random(between + outputs, seed + 4);
        using var expand = Convolution.Pack(rung, w1.Pointer, bias.Pointer, firstParameters);
        using var depthwise = DepthwiseConvolution.Pack(rung, w2.Pointer, bias.Pointer, p);
        using var project = Convolution.Pack(rung, w3.Pointer, bias.Pointer, last);
        var add = BinaryKernels.Get(BinaryKind.Add, rung);
        var block = new InvertedResidual
        {
            Expand = first == "none" ? null : expand.Matrices[0],
            ExpandBounds = (-0.5f, 6),
            Depthwise = depthwise,
            DepthwiseBounds = (0, 2),
            Project = project.Matrices[0],
            ProjectBounds = (-3, 3),
            Add = hasSum ? add : null,
            SumBounds = (-2, 2.5f),
        };

        var count = Batch * outHeight * outWidth * outputs;
        using var expected = new NativeFloats(count);
        using (var a = new NativeFloats(Batch * middleHeight * middleWidth * between))
        using (var b = new NativeFloats(Batch * outHeight * outWidth * between))
        using (var scratch = new NativeFloats(1 << 18))
        {
            var source = x.Pointer;
            if (first != "none")
            {
                Convolution.Run(null, new ConvolutionJob(), expand, firstParameters, firstShape, source, a.Pointer, -0.5f, 6, scratch.Bytes);
                source = a.Pointer;
            }

            DepthwiseConvolution.Run(null, new DepthwiseJob(), depthwise, p, middle, source, b.Pointer, 0, 2, scratch.Bytes);
            Convolution.Run(null, new ConvolutionJob(), project, last, lastShape, b.Pointer, expected.Pointer, -3, 3, scratch.Bytes);
            if (hasSum)
            {
                add(new BinaryRows(1, 1, 0, 0, -2, 2.5f), x.Pointer, expected.Pointer, expected.Pointer, 1, count);
            }
        }

        foreach (var threads in (int[])[1, 3])
        {
            var job = new InvertedResidualJob();
            using var found = new NativeFloats(count);
            using var scratch = new NativeFloats((int)(job.Plan(block, p, middle, firstParameters, first == "none" ? middle : firstShape, threads) / 4));
            job.Run(threads == 1 ? null : new TestPool(threads), x.Pointer, found.Pointer, scratch.Bytes);
            for (var i = 0; i < count; i++)
            {
                Assert.Equal(expected.Span[i], found.Span[i], 1e-4f);
            }
        }
    }
}
