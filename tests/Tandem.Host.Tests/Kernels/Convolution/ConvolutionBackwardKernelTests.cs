using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Kernels.Convolution;

/// <summary>Gradients against differences of the forward convolution: convolution is linear in input, weight and bias, so they are exact but for rounding.</summary>
public sealed class ConvolutionBackwardKernelTests : IDisposable
{
    private readonly KernelTestHost _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    public void GradientsAreThoseOfTheForwardConvolution(bool isTransposed, int groups)
    {
        int[] inputSizes = [2, 4, 5, 6];
        int[] weightSizes = isTransposed ? [4, 4 / groups, 3, 2] : [4, 4 / groups, 3, 2];
        int[] outputSizes = isTransposed ? [2, 4, 10, 5] : [2, 4, 3, 7];
        int[] stride = [2, 1];
        int[] padding = [1, 1];
        int[] dilation = [1, 1];
        int[] outputPadding = isTransposed ? [1, 0] : [0, 0];
        var (input, weight, bias) = (Values(240, 0.7), Values(weightSizes.Aggregate((a, b) => a * b), 0.3), Values(4, 0.9));
        var gradient = Values(outputSizes.Aggregate((a, b) => a * b), 1.3);
        var (forInput, forWeight, forBias) = (_host.Output(ScalarType.Float, inputSizes), _host.Output(ScalarType.Float, weightSizes), _host.Output(ScalarType.Float, [4]));

        _host.Run("aten::convolution_backward.out", _host.Floats(outputSizes, gradient), _host.Floats(inputSizes, input), _host.Floats(weightSizes, weight), new[] { 4 }, stride,
            padding, dilation, isTransposed, outputPadding, groups, new[] { true, true, true }, forInput, forWeight, forBias, new[] { forInput, forWeight, forBias });

        double Loss()
        {
            var output = _host.Output(ScalarType.Float, outputSizes);
            _host.Run("aten::convolution.out", _host.Floats(inputSizes, input), _host.Floats(weightSizes, weight), _host.Floats([4], bias), stride, padding, dilation, isTransposed,
                outputPadding, groups, output);
            return KernelTestHost.Values<float>(output).Zip(gradient, (value, slope) => (double)value * slope).Sum();
        }

        var before = Loss();
        foreach (var (values, found) in new[] { (input, forInput), (weight, forWeight), (bias, forBias) })
        {
            var slopes = KernelTestHost.Values<float>(found);
            for (var i = 0; i < values.Length; i += Math.Max(1, values.Length / 17))
            {
                values[i] += 1;
                Assert.Equal(Loss() - before, slopes[i], 2e-3);
                values[i] -= 1;
            }
        }
    }

    [Fact]
    public void OnlyWhatTheMaskAsksForIsWritten()
    {
        var (forInput, forWeight, forBias) = (_host.Output(ScalarType.Float, [1, 1, 2]), _host.Output(ScalarType.Float, [1, 1, 1]), _host.Output(ScalarType.Float, [1]));
        _host.Run("aten::convolution_backward.out", _host.Floats([1, 1, 2], 3, 4), _host.Floats([1, 1, 2], 5, 6), _host.Floats([1, 1, 1], 2), null, new[] { 1 }, new[] { 0 }, new[] { 1 },
            false, new[] { 0 }, 1, new[] { false, true, false }, forInput, forWeight, forBias, new[] { forInput, forWeight, forBias });
        Assert.Equal([39f], KernelTestHost.Values<float>(forWeight));
        Assert.All(new[] { forInput, forBias }, untouched => Assert.All(KernelTestHost.Values<uint>(untouched), bits => Assert.Equal(0xCDCDCDCDu, bits)));
    }

    private static float[] Values(int count, double step) => [.. Enumerable.Range(0, count).Select(i => (float)Math.Sin(i * step))];
}
