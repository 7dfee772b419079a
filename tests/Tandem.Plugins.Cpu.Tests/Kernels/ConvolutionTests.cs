using Tandem.Plugins.Cpu.Kernels;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

public sealed unsafe class ConvolutionTests
{
    public static TheoryData<string> All => Rungs.Float;

    [Theory]
    [MemberData(nameof(All))]
    public void Convolutions_equal_a_naive_loop(string rung)
    {
        var isa = Rungs.Use(rung);
        var job = new ConvolutionJob();
        var seed = 0;
        foreach (var (kh, kw) in (ReadOnlySpan<(int, int)>)[(1, 1), (3, 3), (2, 5), (7, 7)])
        {
            foreach (var stride in (int[])[1, 2])
            {
                foreach (var dilation in (int[])[1, 2])
                {
                    foreach (var pad in (int[])[0, 1, 3])
                    {
                        foreach (var (groups, ic, oc) in (ReadOnlySpan<(int, int, int)>)[(1, 3, 16), (1, 16, 33), (3, 5, 7), (2, 16, 16)])
                        {
                            seed++;
                            var p = new ConvolutionParameters(kh, kw, stride, 1 + (stride * seed % 2), dilation, 1 + (dilation * seed % 2), pad, pad / 2, groups, ic, oc);
                            var (height, width) = (14 + (seed % 3), 13 + (seed % 4));
                            Check(job, isa, p, height, width, seed, 1 + (seed % 2));
                        }
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Convolutions_of_the_sample_nets_equal_a_naive_loop_on_two_threads(string rung)
    {
        var isa = Rungs.Use(rung);
        foreach (var p in (ConvolutionParameters[])
        [
            new(7, 7, 2, 2, 1, 1, 3, 3, 1, 3, 16),
            new(3, 3, 1, 1, 1, 1, 1, 1, 1, 16, 48),
            new(3, 3, 2, 2, 1, 1, 1, 1, 1, 32, 48),
            new(1, 1, 2, 2, 1, 1, 0, 0, 1, 16, 32),
            new(1, 1, 1, 1, 1, 1, 0, 0, 1, 64, 96),
            new(3, 3, 1, 1, 1, 1, 1, 1, 1, 160, 40),
        ])
        {
            Check(new ConvolutionJob(), isa, p, 32, 32, 1, 1, 2);
            Check(new ConvolutionJob(), isa, p, 8, 7, 2, 3, 3);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Transposed_convolutions_equal_a_naive_scatter(string rung)
    {
        var isa = Rungs.Use(rung);
        var job = new TransposedConvolutionJob();
        var seed = 0;
        foreach (var kernel in (int[])[1, 2, 3, 4])
        {
            foreach (var stride in (int[])[1, 2, 3])
            {
                foreach (var dilation in (int[])[1, 2])
                {
                    foreach (var pad in (int[])[0, 1])
                    {
                        foreach (var (groups, ic, oc) in (ReadOnlySpan<(int, int, int)>)[(1, 3, 16), (2, 5, 7)])
                        {
                            seed++;
                            CheckTransposed(
                                job, isa, new(kernel, kernel + (seed % 2), stride, 1 + (seed % 3), dilation, 1, pad, 0, groups, ic, oc), 6, 5, seed, seed % stride);
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void Strides_that_would_need_endless_phases_are_refused()
    {
        var error = Assert.Throws<TandemException>(
            () => TransposedConvolution.Pack(InstructionSet.Scalar, null, null, new(1, 1, 60000, 60000, 1, 1, 0, 0, 1, 1, 1)));
        Assert.Equal(ErrorCode.PayloadNotSupported, error.Code);
    }

    [Fact]
    public void Geometry_beyond_the_range_of_sizes_is_refused()
    {
        var p = new ConvolutionParameters(3, 3, 1, 1, int.MaxValue, 1, 0, 0, 1, 1, 1);
        Assert.Equal(ErrorCode.PayloadNotSupported, Assert.Throws<TandemException>(() => p.InputRows(2)).Code);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Nan_reaches_the_outputs_whose_kernel_covers_it_and_no_other(string rung)
    {
        var isa = Rungs.Use(rung);
        var p = new ConvolutionParameters(3, 3, 1, 1, 1, 1, 1, 1, 1, 4, 19);
        var shape = new ImageShape(1, 9, 9, 9, 9, 4, 19);
        using var x = NativeFloats.Random(9 * 9 * 4, 1);
        using var w = NativeFloats.Random(19 * 9 * 4, 2);
        using var y = new NativeFloats(9 * 9 * 19);
        x.Span[((4 * 9) + 5) * 4] = float.NaN;
        using var packed = Convolution.Pack(isa, w.Pointer, null, p);
        using var scratch = new NativeFloats((int)(Convolution.GetScratchBytes(packed, p, shape, 1) / 4));
        Convolution.Run(null, new ConvolutionJob(), packed, p, shape, x.Pointer, y.Pointer, 0, 6, scratch.Bytes);
        for (var pixel = 0; pixel < 81; pixel++)
        {
            var isCovered = Math.Abs((pixel / 9) - 4) <= 1 && Math.Abs((pixel % 9) - 5) <= 1;
            for (var o = 0; o < 19; o++)
            {
                Assert.Equal(isCovered, float.IsNaN(y.Span[(pixel * 19) + o]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Filters_of_16_bits_compute_what_their_float_values_compute(string rung)
    {
        var isa = Rungs.Use(rung);
        foreach (var format in (WeightFormat[])[WeightFormat.Float16, WeightFormat.BFloat16])
        {
            foreach (var (p, size) in ((ConvolutionParameters, int)[])[(new(3, 3, 1, 1, 1, 1, 1, 1, 1, 20, 37), 12), (new(1, 1, 1, 1, 1, 1, 0, 0, 1, 17, 40), 9), (new(3, 2, 2, 1, 1, 2, 0, 1, 2, 6, 10), 11)])
            {
                var (height, width) = (((size + (2 * p.PaddingTop) - ((p.KernelHeight - 1) * p.DilationHeight) - 1) / p.StrideHeight) + 1, ((size + (2 * p.PaddingLeft) - ((p.KernelWidth - 1) * p.DilationWidth) - 1) / p.StrideWidth) + 1);
                var shape = new ImageShape(1, size, size, height, width, p.InputChannels, p.OutputChannels);
                using var x = NativeFloats.Random((int)shape.InputImage, 1);
                using var bias = NativeFloats.Random(p.OutputChannels, 2);
                using var weights = new Weights16(format, p.OutputChannels * p.KernelSize * p.GroupInputChannels, 3);
                using var fromFloats = Convolution.Pack(isa, weights.Floats.Pointer, bias.Pointer, p);
                using var from16 = Convolution.Pack(isa, weights.Pointer, bias.Pointer, p, format);
                using var expected = Direct(fromFloats);
                using var actual = Direct(from16);
                Assert.Equal(expected.Span, actual.Span);
                if (WinogradPlan.Fits(p))
                {
                    // A value that is too large for the transforms is computed by definition.
                    x.Span[100] = 1e9f;
                    using var expectedWinograd = Winograd(fromFloats);
                    using var actualWinograd = Winograd(from16);
                    Assert.Equal(expectedWinograd.Span, actualWinograd.Span);
                }

                NativeFloats Direct(PackedConvolution packed)
                {
                    var y = new NativeFloats((int)shape.OutputImage);
                    using var scratch = new NativeFloats((int)(Convolution.GetScratchBytes(packed, p, shape, 2) / 4));
                    Convolution.Prepare(packed, p, shape, 2);
                    Convolution.Run(new TestPool(2), new ConvolutionJob(), packed, p, shape, x.Pointer, y.Pointer, -1, 1, scratch.Bytes);
                    return y;
                }

                NativeFloats Winograd(PackedConvolution packed)
                {
                    var y = new NativeFloats((int)shape.OutputImage);
                    using var scratch = new NativeFloats((int)(WinogradConvolution.GetScratchBytes(packed, p, shape, 2) / 4));
                    WinogradConvolution.Prepare(packed, p, shape, 2);
                    WinogradConvolution.Run(new TestPool(2), new WinogradJob(), packed, p, shape, x.Pointer, y.Pointer, -1, 1, scratch.Bytes);
                    return y;
                }
            }

            var t = new ConvolutionParameters(3, 3, 2, 2, 1, 1, 1, 1, 1, 5, 19);
            using var filter = new Weights16(format, 19 * 9 * 5, 4);
            using var transposedFloats = TransposedConvolution.Pack(isa, filter.Floats.Pointer, null, t);
            using var transposed16 = TransposedConvolution.Pack(isa, filter.Pointer, null, t, format);
            using var expectedTransposed = Transposed(transposedFloats);
            using var actualTransposed = Transposed(transposed16);
            Assert.Equal(expectedTransposed.Span, actualTransposed.Span);

            NativeFloats Transposed(PackedConvolution packed)
            {
                var shape = new ImageShape(1, 6, 7, 11, 13, 5, 19);
                using var x = NativeFloats.Random((int)shape.InputImage, 5);
                var y = new NativeFloats((int)shape.OutputImage);
                using var scratch = new NativeFloats((int)(TransposedConvolution.GetScratchBytes(t, shape) / 4));
                TransposedConvolution.Run(null, new TransposedConvolutionJob(), packed, t, shape, x.Pointer, y.Pointer, -1, 1, scratch.Bytes);
                return y;
            }
        }
    }

    private static void Check(ConvolutionJob job, InstructionSet isa, ConvolutionParameters p, int height, int width, int seed, int batch, int threads = 1)
    {
        var outHeight = ((height + (2 * p.PaddingTop) - ((p.KernelHeight - 1) * p.DilationHeight) - 1) / p.StrideHeight) + 1;
        var outWidth = ((width + (2 * p.PaddingLeft) - ((p.KernelWidth - 1) * p.DilationWidth) - 1) / p.StrideWidth) + 1;
        if (outHeight <= 0 || outWidth <= 0)
        {
            return;
        }

        var shape = new ImageShape(batch, height, width, outHeight, outWidth, p.InputChannels + (seed % 3 == 0 ? 2 : 0), p.OutputChannels + (seed % 4 == 0 ? 3 : 0));
        using var x = NativeFloats.Random((int)shape.InputImage * batch, seed);
        using var w = NativeFloats.Random(p.OutputChannels * p.KernelSize * p.GroupInputChannels, seed + 1);
        using var bias = NativeFloats.Random(p.OutputChannels, seed + 2);
        using var y = new NativeFloats((int)shape.OutputImage * batch);
        y.Span.Fill(-77);
        var (min, max) = seed % 2 == 0 ? (0f, 6f) : (float.NegativeInfinity, float.PositiveInfinity);
        using var packed = Convolution.Pack(isa, w.Pointer, seed % 5 == 0 ? null : bias.Pointer, p);
        using var scratch = new NativeFloats((int)(Convolution.GetScratchBytes(packed, p, shape, threads) / 4));
        Convolution.Prepare(packed, p, shape, threads);
        Convolution.Run(threads == 1 ? null : new TestPool(threads), job, packed, p, shape, x.Pointer, y.Pointer, min, max, scratch.Bytes);
        var expected = ConvolutionReference.Run(p, shape, x.Span, w.Span, seed % 5 == 0 ? [] : bias.Span, min, max);
        ConvolutionReference.Compare($"{isa} {p} {shape}", shape, p.OutputChannels, expected, y.Span);
    }

    private static void CheckTransposed(TransposedConvolutionJob job, InstructionSet isa, ConvolutionParameters p, int height, int width, int seed, int adjustment)
    {
        var outHeight = ((height - 1) * p.StrideHeight) - (2 * p.PaddingTop) + ((p.KernelHeight - 1) * p.DilationHeight) + 1 + adjustment;
        var outWidth = ((width - 1) * p.StrideWidth) - (2 * p.PaddingLeft) + ((p.KernelWidth - 1) * p.DilationWidth) + 1;
        if (outHeight <= 0 || outWidth <= 0)
        {
            return;
        }

        var shape = new ImageShape(2, height, width, outHeight, outWidth, p.InputChannels, p.OutputChannels + (seed % 3));
        using var x = NativeFloats.Random((int)shape.InputImage * 2, seed);
        using var w = NativeFloats.Random(p.OutputChannels * p.KernelSize * p.GroupInputChannels, seed + 1);
        using var bias = NativeFloats.Random(p.OutputChannels, seed + 2);
        using var y = new NativeFloats((int)shape.OutputImage * 2);
        y.Span.Fill(-77);
        using var packed = TransposedConvolution.Pack(isa, w.Pointer, bias.Pointer, p);
        using var scratch = new NativeFloats((int)(TransposedConvolution.GetScratchBytes(p, shape) / 4));
        TransposedConvolution.Run(null, job, packed, p, shape, x.Pointer, y.Pointer, -0.9f, float.PositiveInfinity, scratch.Bytes);
        var expected = ConvolutionReference.RunTransposed(p, shape, x.Span, w.Span, bias.Span, -0.9f, float.PositiveInfinity);
        ConvolutionReference.Compare($"{isa} {p} {shape}", shape, p.OutputChannels, expected, y.Span);
    }
}
