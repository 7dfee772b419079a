using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

/// <summary>Convolutions by their definition, in double.</summary>
internal static class ConvolutionReference
{
    public static double[] Run(
        in ConvolutionParameters p, in ImageShape s, ReadOnlySpan<float> x, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, float min, float max)
    {
        var y = new double[s.Batch * s.OutputHeight * s.OutputWidth * p.OutputChannels];
        var index = 0;
        for (var n = 0; n < s.Batch; n++)
        {
            for (var oy = 0; oy < s.OutputHeight; oy++)
            {
                for (var ox = 0; ox < s.OutputWidth; ox++)
                {
                    for (var o = 0; o < p.OutputChannels; o++)
                    {
                        double sum = bias.IsEmpty ? 0 : bias[o];
                        for (var ky = 0; ky < p.KernelHeight; ky++)
                        {
                            for (var kx = 0; kx < p.KernelWidth; kx++)
                            {
                                var iy = (oy * p.StrideHeight) - p.PaddingTop + (ky * p.DilationHeight);
                                var ix = (ox * p.StrideWidth) - p.PaddingLeft + (kx * p.DilationWidth);
                                if ((uint)iy >= (uint)s.InputHeight || (uint)ix >= (uint)s.InputWidth)
                                {
                                    continue;
                                }

                                var pixel = (((n * s.InputHeight) + iy) * s.InputWidth) + ix;
                                for (var c = 0; c < p.GroupInputChannels; c++)
                                {
                                    sum += (double)x[(pixel * s.InputPixelStride) + (o / p.GroupOutputChannels * p.GroupInputChannels) + c]
                                        * w[(((((o * p.KernelHeight) + ky) * p.KernelWidth) + kx) * p.GroupInputChannels) + c];
                                }
                            }
                        }

                        y[index++] = Math.Clamp(sum, min, max);
                    }
                }
            }
        }

        return y;
    }

    public static double[] RunTransposed(
        in ConvolutionParameters p, in ImageShape s, ReadOnlySpan<float> x, ReadOnlySpan<float> w, ReadOnlySpan<float> bias, float min, float max)
    {
        var y = new double[s.Batch * s.OutputHeight * s.OutputWidth * p.OutputChannels];
        for (var i = 0; i < y.Length; i++)
        {
            y[i] = bias[i % p.OutputChannels];
        }

        for (var pixel = 0; pixel < s.Batch * s.InputHeight * s.InputWidth; pixel++)
        {
            var (n, iy, ix) = (pixel / s.InputWidth / s.InputHeight, pixel / s.InputWidth % s.InputHeight, pixel % s.InputWidth);
            for (var element = 0; element < p.KernelSize; element++)
            {
                var oy = (iy * p.StrideHeight) - p.PaddingTop + (element / p.KernelWidth * p.DilationHeight);
                var ox = (ix * p.StrideWidth) - p.PaddingLeft + (element % p.KernelWidth * p.DilationWidth);
                if ((uint)oy >= (uint)s.OutputHeight || (uint)ox >= (uint)s.OutputWidth)
                {
                    continue;
                }

                for (var o = 0; o < p.OutputChannels; o++)
                {
                    for (var c = 0; c < p.GroupInputChannels; c++)
                    {
                        y[(((((n * s.OutputHeight) + oy) * s.OutputWidth) + ox) * p.OutputChannels) + o] +=
                            (double)x[(pixel * s.InputPixelStride) + (o / p.GroupOutputChannels * p.GroupInputChannels) + c]
                            * w[(((o * p.KernelSize) + element) * p.GroupInputChannels) + c];
                    }
                }
            }
        }

        for (var i = 0; i < y.Length; i++)
        {
            y[i] = Math.Clamp(y[i], min, max);
        }

        return y;
    }

    public static void Compare(string what, in ImageShape s, int channels, double[] expected, ReadOnlySpan<float> actual)
    {
        for (var pixel = 0; pixel < s.Batch * s.OutputHeight * s.OutputWidth; pixel++)
        {
            for (var o = 0; o < s.OutputPixelStride; o++)
            {
                var found = actual[(pixel * s.OutputPixelStride) + o];
                var wanted = o < channels ? expected[(pixel * channels) + o] : -77;
                Assert.True(Math.Abs(wanted - found) <= 1e-4, $"{what}: pixel {pixel} channel {o}: {wanted} {found}");
            }
        }
    }
}
