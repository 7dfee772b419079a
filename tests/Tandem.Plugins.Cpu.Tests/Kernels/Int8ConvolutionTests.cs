using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.PackedCache;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

/// <summary>Products and convolutions of signed bytes on every rung against a plain loop over the formula: equal, to the last bit.</summary>
public unsafe class Int8ConvolutionTests
{
    [Theory]
    [MemberData(nameof(Rungs.All), MemberType = typeof(Rungs))]
    public void Products_of_every_shape_around_the_tiles(string name)
    {
        var rung = Rungs.Use(name);
        foreach (var m in (int[])[1, 2, 3, 4, 5, 7, 13, 200])
        {
            foreach (var (n, k) in ((int, int)[])[(1, 1), (3, 5), (16, 4), (17, 64), (31, 7), (48, 33), (80, 16), (130, 12)])
            {
                Check(rung, new ConvolutionParameters(1, 1, 1, 1, 1, 1, 0, 0, 1, k, n), new ImageShape(1, m, 1, m, 1, k, n), false, m + n + k);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Rungs.All), MemberType = typeof(Rungs))]
    public void Convolutions_with_padding_stride_dilation_and_groups(string name)
    {
        var rung = Rungs.Use(name);
        var seed = 0;
        foreach (var (kernel, stride, dilation, padding, groups, inputs, outputs) in ((int, int, int, int, int, int, int)[])
            [(3, 1, 1, 1, 1, 3, 17), (3, 2, 1, 1, 1, 8, 8), (3, 1, 2, 2, 1, 4, 20), (1, 1, 1, 0, 1, 24, 40), (1, 2, 1, 0, 1, 16, 5), (5, 1, 1, 2, 2, 3, 4), (2, 1, 1, 0, 3, 4, 2)])
        {
            const int Height = 9;
            const int Width = 11;
            var reach = ((kernel - 1) * dilation) + 1;
            Check(
                rung, new ConvolutionParameters(kernel, kernel, stride, stride, dilation, dilation, padding, padding, groups, inputs, outputs),
                new ImageShape(
                    2, Height, Width, ((Height + (2 * padding) - reach) / stride) + 1, ((Width + (2 * padding) - reach) / stride) + 1, groups * inputs, groups * outputs),
                false, ++seed);
        }
    }

    [Theory]
    [MemberData(nameof(Rungs.All), MemberType = typeof(Rungs))]
    public void Transposed_convolutions(string name)
    {
        var rung = Rungs.Use(name);
        foreach (var (kernel, stride, dilation, padding, adjustment) in ((int, int, int, int, int)[])[(2, 2, 1, 0, 0), (3, 2, 1, 1, 1), (3, 1, 1, 0, 0), (3, 2, 2, 3, 0), (4, 3, 1, 1, 0)])
        {
            var (height, width) = (5, 6);
            Check(
                rung, new ConvolutionParameters(kernel, kernel, stride, stride, dilation, dilation, padding, padding, 1, 5, 7),
                new ImageShape(
                    1, height, width, ((height - 1) * stride) + ((kernel - 1) * dilation) + 1 + adjustment - (2 * padding),
                    ((width - 1) * stride) + ((kernel - 1) * dilation) + 1 + adjustment - (2 * padding), 5, 7),
                true, kernel + stride);
        }
    }

    [Theory]
    [MemberData(nameof(Rungs.All), MemberType = typeof(Rungs))]
    public void Depthwise_of_every_kernel_and_channel_count(string name)
    {
        var rung = Rungs.Use(name);
        foreach (var (kernel, stride, dilation) in ((int, int, int)[])[(3, 1, 1), (3, 2, 1), (5, 1, 1), (5, 2, 1), (2, 1, 1), (1, 1, 1), (3, 1, 2), (4, 3, 1), (9, 1, 1)])
        {
            foreach (var (channels, multiplier) in ((int, int)[])[(1, 1), (16, 1), (17, 1), (40, 1), (5, 3)])
            {
                const int Height = 10;
                const int Width = 12;
                var padding = (kernel - 1) * dilation / 2;
                var reach = ((kernel - 1) * dilation) + 1;
                Check(
                    rung, new ConvolutionParameters(kernel, kernel, stride, stride, dilation, dilation, padding, padding, channels, 1, multiplier),
                    new ImageShape(
                        2, Height, Width, ((Height + (2 * padding) - reach) / stride) + 1, ((Width + (2 * padding) - reach) / stride) + 1, channels,
                        channels * multiplier),
                    false, kernel + channels, isDepthwise: true);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Rungs.All), MemberType = typeof(Rungs))]
    public void Depthwise_3x3_at_every_edge(string name)
    {
        var rung = Rungs.Use(name);
        foreach (var (height, width, top, left, bottom, right, stride) in ((int, int, int, int, int, int, int)[])
            [(1, 1, 1, 1, 1, 1, 1), (2, 1, 1, 1, 1, 1, 1), (1, 2, 2, 1, 2, 1, 1), (2, 2, 1, 0, 1, 1, 1), (3, 3, 0, 0, 0, 0, 1), (3, 4, 1, 1, 0, 0, 1), (4, 3, 0, 0, 1, 1, 1),
                (5, 3, 0, 0, 0, 0, 2), (1, 1, 1, 1, 1, 1, 2), (4, 4, 0, 0, 1, 1, 2), (5, 5, 1, 1, 1, 1, 2), (6, 6, 1, 1, 1, 1, 2), (4, 2, 1, 0, 1, 1, 2)])
        {
            foreach (var channels in (int[])[1, 15, 63, 64, 65, 130])
            {
                Check(
                    rung, new ConvolutionParameters(3, 3, stride, stride, 1, 1, top, left, channels, 1, 1),
                    new ImageShape(2, height, width, ((height + top + bottom - 3) / stride) + 1, ((width + left + right - 3) / stride) + 1, channels, channels),
                    false, channels + width, isDepthwise: true);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Rungs.All), MemberType = typeof(Rungs))]
    public void Results_beyond_32_bits_stay_at_the_bounds(string name)
    {
        var rung = Rungs.Use(name);
        foreach (var isDepthwise in (bool[])[false, true])
        {
            var p = isDepthwise ? new ConvolutionParameters(3, 3, 1, 1, 1, 1, 1, 1, 20, 1, 1) : new ConvolutionParameters(1, 1, 1, 1, 1, 1, 0, 0, 1, 20, 20);
            var s = new ImageShape(1, 4, 5, 4, 5, 20, 20);
            var input = Bytes(new Random(1), 400, false);
            var filter = Bytes(new Random(2), p.OutputChannels * p.KernelSize * p.GroupInputChannels, false);
            var bias = new int[20];
            float[] scales = [.. Enumerable.Range(0, 20).Select(i => i % 3 == 0 ? 3e38f : i % 3 == 1 ? 1e9f : 1e-30f)];
            foreach (var r in (Requantization[])[new(127, -128, 127), new(-128, -128, 127), new(0, -5, 5)])
            {
                var expected = Run(InstructionSet.Scalar, p, s, false, isDepthwise, input, filter, bias, scales, 7, r, 1);
                Assert.Equal(expected, Run(rung, p, s, false, isDepthwise, input, filter, bias, scales, 7, r, 1));
                Assert.Contains((sbyte)r.Maximum, expected);
                Assert.Contains((sbyte)r.Minimum, expected);
            }
        }
    }

    private static void Check(InstructionSet rung, ConvolutionParameters p, ImageShape s, bool isTransposed, int seed, bool isDepthwise = false)
    {
        // All extremes once, with the zero point at either end; random numbers once.
        foreach (var zeroPoint in (int[])[-128, 127, 3])
        {
            var random = new Random(seed);
            var isExtreme = zeroPoint != 3;
            var input = Bytes(random, s.Batch * (int)s.InputImage, isExtreme);
            var filter = Bytes(random, p.OutputChannels * p.KernelSize * p.GroupInputChannels, isExtreme);
            var bias = Enumerable.Range(0, p.OutputChannels).Select(_ => random.Next(-5000, 5000)).ToArray();
            var scales = Enumerable.Range(0, p.OutputChannels).Select(_ => (float)random.NextDouble() * 0.01f).ToArray();
            var r = new Requantization(-9, isExtreme ? -128 : -9, isExtreme ? 127 : 100);
            var expected = Reference(p, s, isTransposed, isDepthwise, input, filter, bias, scales, zeroPoint, r);
            foreach (var threads in (int[])[1, 3])
            {
                Assert.Equal(expected, Run(rung, p, s, isTransposed, isDepthwise, input, filter, bias, scales, zeroPoint, r, threads));
            }
        }
    }

    private static sbyte[] Run(
        InstructionSet rung, ConvolutionParameters p, ImageShape s, bool isTransposed, bool isDepthwise, sbyte[] input, sbyte[] filter, int[] bias,
        float[] scales, int zeroPoint, Requantization r, int threads)
    {
        var output = new sbyte[s.Batch * (int)s.OutputImage];
        var pool = new TestPool(threads);
        fixed (sbyte* x = input, w = filter, y = output)
        fixed (int* b = bias)
        {
            if (isDepthwise)
            {
                var right = p.InputColumns(s.OutputWidth) - p.PaddingLeft - s.InputWidth;
                using var packed = new Int8DepthwiseFilter(
                    rung, p.KernelHeight, p.KernelWidth, p.OutputChannels, Int8DirectDepthwiseJob.Fits(p, Math.Max(p.PaddingLeft, Math.Max(right, 0))));
                packed.Attach(PackedBlock.Allocate(packed.ByteCount));
                packed.Fill(w, b, scales, zeroPoint);
                var job = new Int8DepthwiseJob();
                using var scratch = new NativeBlock(job.Plan(packed, p, s, r, zeroPoint, threads));
                job.Run(pool, x, y, scratch.Memory);
            }
            else
            {
                var isWide = p.DilationWidth == 1 && p.Groups == 1 && !isTransposed;
                using var packed = new Int8Filter(
                    rung, p.Groups, p.GroupOutputChannels, isWide ? p.KernelHeight : p.KernelSize,
                    isWide ? p.KernelWidth * p.GroupInputChannels : p.GroupInputChannels);
                packed.Attach(PackedBlock.Allocate(packed.ByteCount));
                packed.Fill(w, b, scales, zeroPoint, isTransposed);
                var job = new Int8ConvolutionJob();
                using var scratch = new NativeBlock(job.Plan(packed, p, s, r, zeroPoint, isTransposed, threads));
                job.Run(pool, x, y, scratch.Memory);
            }
        }

        return output;
    }

    private static sbyte[] Bytes(Random random, int count, bool isExtreme) =>
        [.. Enumerable.Range(0, count).Select(_ => (sbyte)(isExtreme ? (random.Next(3) > 0 ? -128 : 127) : random.Next(-128, 128)))];

    private static sbyte[] Reference(
        ConvolutionParameters p, ImageShape s, bool isTransposed, bool isDepthwise, sbyte[] input, sbyte[] filter, int[] bias, float[] scales, int zeroPoint,
        Requantization r)
    {
        var output = new sbyte[s.Batch * (int)s.OutputImage];
        for (var i = 0; i < output.Length; i++)
        {
            var channel = i % s.OutputPixelStride;
            var x = i / s.OutputPixelStride % s.OutputWidth;
            var y = i / s.OutputPixelStride / s.OutputWidth % s.OutputHeight;
            var image = i / (int)s.OutputImage;
            var group = channel / p.GroupOutputChannels;
            var sum = bias[channel];
            for (var tap = 0; tap < p.KernelSize; tap++)
            {
                var (ky, kx) = (tap / p.KernelWidth * p.DilationHeight, tap % p.KernelWidth * p.DilationWidth);
                var row = isTransposed ? y + p.PaddingTop - ky : (y * p.StrideHeight) - p.PaddingTop + ky;
                var column = isTransposed ? x + p.PaddingLeft - kx : (x * p.StrideWidth) - p.PaddingLeft + kx;
                if (isTransposed)
                {
                    if (row % p.StrideHeight != 0 || column % p.StrideWidth != 0)
                    {
                        continue;
                    }

                    (row, column) = (row / p.StrideHeight, column / p.StrideWidth);
                }

                if (row < 0 || column < 0 || row >= s.InputHeight || column >= s.InputWidth)
                {
                    continue;
                }

                for (var c = 0; c < p.GroupInputChannels; c++)
                {
                    var weight = isDepthwise ? filter[(tap * p.OutputChannels) + channel] : filter[(((channel * p.KernelSize) + tap) * p.GroupInputChannels) + c];
                    var value = input[(image * (int)s.InputImage) + (((row * s.InputWidth) + column) * s.InputPixelStride) + (group * p.GroupInputChannels) + c];
                    sum += (value - zeroPoint) * weight;
                }
            }

            var scaled = Math.Clamp(sum * scales[channel], r.Minimum - r.ZeroPoint, (float)(r.Maximum - r.ZeroPoint));
            output[i] = (sbyte)((int)MathF.Round(scaled) + r.ZeroPoint);
        }

        return output;
    }
}
