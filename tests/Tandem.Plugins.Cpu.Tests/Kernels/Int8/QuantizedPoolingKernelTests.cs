using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

/// <summary>Pooling of codes against the formula: equal, to the last bit, whatever the number of channels.</summary>
public sealed unsafe class QuantizedPoolingKernelTests
{
    [Theory]
    [InlineData(false, -128, 127)]
    [InlineData(false, 127, -128)]
    [InlineData(false, 3, -7)]
    [InlineData(true, 0, 255)]
    [InlineData(true, 255, 0)]
    public void Means_and_maxima_of_every_number_of_channels(bool isUnsigned, int inputZeroPoint, int zeroPoint)
    {
        var random = new Random(inputZeroPoint);
        var (lowest, highest) = isUnsigned ? (0, 255) : (-128, 127);
        foreach (var channels in (int[])[1, 7, 15, 16, 17, 32, 40, 255, 257, 300])
        {
            const int Size = 5;
            var input = new byte[Size * Size * channels];
            random.NextBytes(input);
            input.AsSpan(0, input.Length / 2).Fill((byte)(channels % 2 == 0 ? lowest : highest));
            var p = new PoolingArguments
            {
                InputHeight = Size,
                InputWidth = Size,
                OutputHeight = 3,
                OutputWidth = 3,
                Channels = channels,
                PaddingTop = 1,
                PaddingLeft = 1,
                WindowHeight = 3,
                WindowWidth = 3,
                StrideHeight = 2,
                StrideWidth = 2,
                DilationHeight = 1,
                DilationWidth = 1,
            };
            var (means, maxima) = (new byte[9 * channels], new byte[9 * channels]);
            var bounds = new Requantization(zeroPoint, lowest + 2, highest - 2);
            const float Scale = 0.75f;
            fixed (byte* i = input, mean = means, maximum = maxima)
            {
                p.Input = (float*)i;
                p.Output = (float*)mean;
                QuantizedPoolingKernel.Mean(p, 0, 3, inputZeroPoint, Scale, bounds, isUnsigned);
                p.Output = (float*)maximum;
                QuantizedPoolingKernel.Maximum(p, 0, 3, bounds.Minimum, bounds.Maximum, isUnsigned);
            }

            for (var at = 0; at < means.Length; at++)
            {
                var (row, column, channel) = (at / channels / 3, at / channels % 3, at % channels);
                var window = new List<int>();
                for (var y = Math.Max((2 * row) - 1, 0); y < Math.Min((2 * row) + 2, Size); y++)
                {
                    for (var x = Math.Max((2 * column) - 1, 0); x < Math.Min((2 * column) + 2, Size); x++)
                    {
                        var code = input[(((y * Size) + x) * channels) + channel];
                        window.Add(isUnsigned ? code : (sbyte)code);
                    }
                }

                var scaled = (window.Sum() - (window.Count * inputZeroPoint)) * (Scale / window.Count);
                var expected = (int)MathF.Round(Math.Clamp(scaled, bounds.Minimum - zeroPoint, bounds.Maximum - zeroPoint)) + zeroPoint;
                Assert.Equal((channels, at, expected), (channels, at, isUnsigned ? means[at] : (sbyte)means[at]));
                Assert.Equal(Math.Clamp(window.Max(), bounds.Minimum, bounds.Maximum), isUnsigned ? maxima[at] : (sbyte)maxima[at]);
            }
        }
    }
}
