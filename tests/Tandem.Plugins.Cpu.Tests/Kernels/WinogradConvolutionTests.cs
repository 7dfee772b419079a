using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

public sealed unsafe class WinogradConvolutionTests
{
    private static readonly int[] Channels = [1, 3, 15, 16, 17, 64];

    public static TheoryData<string> All => Rungs.Float;

    [Theory]
    [MemberData(nameof(All))]
    public void Small_images_of_any_channels_equal_a_naive_loop(string rung)
    {
        var isa = Rungs.Use(rung);
        var seed = 0;
        foreach (var inputs in Channels)
        {
            foreach (var outputs in Channels)
            {
                for (var width = 1; width <= 9; width++)
                {
                    seed++;
                    var top = seed % 5 == 0 ? 0 : 1;
                    var left = seed % 7 == 0 ? 2 : 1;
                    var p = new ConvolutionParameters(3, 3, 1, 1, 1, 1, top, left, 1, inputs, outputs);
                    var height = 1 + (seed % 4) + (2 * (1 - top));
                    var shape = new ImageShape(
                        1 + (seed % 2), height, width, height + (2 * top) - 2, width + (2 * left) - 2, inputs + (seed % 3 == 0 ? 2 : 0),
                        outputs + (seed % 4 == 0 ? 3 : 0));
                    Check(isa, p, shape, seed, 1);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Blocks_of_tiles_and_chunks_of_channels_on_several_threads_equal_the_direct_kernel(string rung)
    {
        var isa = Rungs.Use(rung);
        var job = new WinogradJob();
        var seed = 0;
        foreach (var (inputs, outputs, height, width, batch, threads) in (ReadOnlySpan<(int, int, int, int, int, int)>)
        [
            (64, 64, 41, 27, 1, 1), (64, 64, 41, 27, 2, 3), (160, 72, 14, 13, 1, 1), (160, 72, 14, 13, 3, 3), (300, 40, 7, 7, 1, 2), (16, 16, 64, 65, 1, 2),
            (128, 128, 3, 5, 1, 3),
        ])
        {
            seed++;
            var p = new ConvolutionParameters(3, 3, 1, 1, 1, 1, 1, 1, 1, inputs, outputs);
            var shape = new ImageShape(batch, height, width, height, width, inputs, outputs);
            using var x = NativeFloats.Random((int)shape.InputImage * batch, seed);
            using var w = NativeFloats.Random(outputs * 9 * inputs, seed + 1);
            using var bias = NativeFloats.Random(outputs, seed + 2);
            using var direct = Run(isa, null, p, shape, x, w, bias, 1);
            using var actual = Run(isa, job, p, shape, x, w, bias, threads);
            for (var i = 0; i < direct.Count; i++)
            {
                Assert.True(Math.Abs(direct.Span[i] - actual.Span[i]) <= 3e-4, $"{p} {shape}: {i} {direct.Span[i]} {actual.Span[i]}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Nan_infinities_and_huge_values_reach_what_they_reach_by_definition(string rung)
    {
        var isa = Rungs.Use(rung);
        var p = new ConvolutionParameters(3, 3, 1, 1, 1, 1, 1, 1, 1, 17, 35);
        var shape = new ImageShape(1, 9, 11, 9, 11, 17, 35);
        foreach (var special in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e30f, -3e38f])
        {
            for (var position = 0; position < 9 * 11; position += 7)
            {
                using var x = NativeFloats.Random(9 * 11 * 17, 1);
                using var w = NativeFloats.Random(35 * 9 * 17, 2);
                using var bias = NativeFloats.Random(35, 3);
                x.Span[(position * 17) + (position % 17)] = special;
                using var direct = Run(isa, null, p, shape, x, w, bias, 1);
                using var actual = Run(isa, new WinogradJob(), p, shape, x, w, bias, 1);
                Same(direct.Span, actual.Span, $"{special} at {position}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Nan_and_infinities_of_the_filter_reach_what_they_reach_by_definition(string rung)
    {
        var isa = Rungs.Use(rung);
        var p = new ConvolutionParameters(3, 3, 1, 1, 1, 1, 1, 1, 1, 5, 20);
        var shape = new ImageShape(1, 6, 5, 6, 5, 5, 20);
        foreach (var special in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            for (var element = 0; element < 9; element++)
            {
                using var x = NativeFloats.Random(30 * 5, 1);
                using var w = NativeFloats.Random(20 * 9 * 5, 2);
                using var bias = NativeFloats.Random(20, 3);
                x.Span[..5].Clear();
                w.Span[(((4 * 9) + element) * 5) + 1] = special;
                using var direct = Run(isa, null, p, shape, x, w, bias, 1);
                using var actual = Run(isa, new WinogradJob(), p, shape, x, w, bias, 1);
                Same(direct.Span, actual.Span, $"{special} at {element}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Rounding_errors_are_of_the_size_of_the_direct_kernels(string rung)
    {
        var isa = Rungs.Use(rung);
        var p = new ConvolutionParameters(3, 3, 1, 1, 1, 1, 1, 1, 1, 64, 16);
        var shape = new ImageShape(1, 16, 16, 16, 16, 64, 16);
        using var x = NativeFloats.Random(256 * 64, 1);
        using var w = NativeFloats.Random(16 * 9 * 64, 2);
        using var bias = NativeFloats.Random(16, 3);
        var exact = ConvolutionReference.Run(p, shape, x.Span, w.Span, bias.Span, float.NegativeInfinity, float.PositiveInfinity);
        using var direct = Run(isa, null, p, shape, x, w, bias, 1);
        using var actual = Run(isa, new WinogradJob(), p, shape, x, w, bias, 1);
        Assert.InRange(Error(actual), 0, 4 * Error(direct));

        double Error(NativeFloats values)
        {
            double sum = 0;
            for (var i = 0; i < exact.Length; i++)
            {
                sum += Math.Pow(values.Span[i] - exact[i], 2);
            }

            return Math.Sqrt(sum);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void It_is_taken_where_tiles_are_many_against_channels(string rung)
    {
        var isa = Rungs.Use(rung);
        Assert.True(Pays(64, 64, 56, 1));
        Assert.True(Pays(256, 256, 14, 1));
        Assert.True(Pays(512, 512, 7, 4));
        Assert.False(Pays(512, 512, 2, 1));
        Assert.False(Pays(64, 64, 1, 4));
        Assert.False(Pays(1, 64, 224, 1));
        Assert.False(Pays(64, 64, 56, 2, stride: 2));
        Assert.False(Pays(64, 64, 56, 2, dilation: 2));
        Assert.False(Pays(64, 64, 56, 2, groups: 2));
        Assert.False(Pays(64, 64, 56, 2, kernel: 5));

        bool Pays(int inputs, int outputs, int size, int batch, int stride = 1, int dilation = 1, int groups = 1, int kernel = 3)
        {
            var p = new ConvolutionParameters(kernel, 3, stride, 1, 1, dilation, 1, 1, groups, inputs / groups, outputs / groups);
            return WinogradConvolution.Pays(Convolution.Describe(isa, p), p, new ImageShape(batch, size, size, size, size, inputs, outputs));
        }
    }

    [Fact]
    public void Running_allocates_nothing_also_where_a_tile_is_computed_directly()
    {
        var p = new ConvolutionParameters(3, 3, 1, 1, 1, 1, 1, 1, 1, 32, 32);
        var shape = new ImageShape(1, 24, 24, 24, 24, 32, 32);
        using var x = NativeFloats.Random(24 * 24 * 32, 1);
        using var w = NativeFloats.Random(32 * 9 * 32, 2);
        using var y = new NativeFloats(24 * 24 * 32);
        x.Span[5000] = float.NaN;
        using var packed = Convolution.Pack(CpuFeatures.Best, w.Pointer, null, p);
        using var memory = new NativeFloats((int)(WinogradConvolution.GetScratchBytes(packed, p, shape, 1) / 4));
        var job = new WinogradJob();
        WinogradConvolution.Run(null, job, packed, p, shape, x.Pointer, y.Pointer, 0, 6, memory.Bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        WinogradConvolution.Run(null, job, packed, p, shape, x.Pointer, y.Pointer, 0, 6, memory.Bytes);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Same(ReadOnlySpan<float> direct, ReadOnlySpan<float> actual, string what)
    {
        for (var i = 0; i < direct.Length; i++)
        {
            var isSame = float.IsFinite(direct[i])
                ? Math.Abs(direct[i] - actual[i]) <= 1e-4 * Math.Max(1, Math.Abs(direct[i]))
                : direct[i].Equals(actual[i]);
            Assert.True(isSame, $"{what}, output {i}: {direct[i]} {actual[i]}");
        }
    }

    private static void Check(InstructionSet isa, ConvolutionParameters p, ImageShape shape, int seed, int threads)
    {
        using var x = NativeFloats.Random((int)shape.InputImage * shape.Batch, seed);
        using var w = NativeFloats.Random(p.OutputChannels * p.KernelSize * p.GroupInputChannels, seed + 1);
        using var bias = NativeFloats.Random(p.OutputChannels, seed + 2);
        var (min, max) = seed % 2 == 0 ? (0f, 2f) : (float.NegativeInfinity, float.PositiveInfinity);
        using var y = Run(isa, new WinogradJob(), p, shape, x, w, bias, threads, min, max);
        var expected = ConvolutionReference.Run(p, shape, x.Span, w.Span, bias.Span, min, max);
        ConvolutionReference.Compare($"{p} {shape}", shape, p.OutputChannels, expected, y.Span);
    }

    /// <summary>Outputs of the job, or of the direct kernel where there is none.</summary>
    private static NativeFloats Run(
        InstructionSet isa, WinogradJob? job, ConvolutionParameters p, ImageShape shape, NativeFloats x, NativeFloats w, NativeFloats bias, int threads,
        float min = float.NegativeInfinity, float max = float.PositiveInfinity)
    {
        var y = new NativeFloats((int)shape.OutputImage * shape.Batch);
        y.Span.Fill(-77);
        using var packed = Convolution.Pack(isa, w.Pointer, bias.Pointer, p);
        if (job is null)
        {
            using var scratch = new NativeFloats((int)(Convolution.GetScratchBytes(packed, p, shape, threads) / 4));
            Convolution.Run(null, new ConvolutionJob(), packed, p, shape, x.Pointer, y.Pointer, min, max, scratch.Bytes);
            return y;
        }

        using var memory = new NativeFloats((int)(WinogradConvolution.GetScratchBytes(packed, p, shape, threads) / 4));
        WinogradConvolution.Prepare(packed, p, shape, threads);
        WinogradConvolution.Run(threads == 1 ? null : new TestPool(threads), job, packed, p, shape, x.Pointer, y.Pointer, min, max, memory.Bytes);
        return y;
    }
}
