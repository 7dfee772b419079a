using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Kernels.Quantized;

public sealed class QuantizedKernelTests : IDisposable
{
    private readonly KernelTestHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void HalvesRoundToEvenAndTheRangeLimits()
    {
        var output = _host.Output(ScalarType.Char, [6]);
        _host.Run("quantized_decomposed::quantize_per_tensor.out", _host.Floats([6], 0.25f, 0.75f, -0.25f, 1000, -1000, float.NaN), 0.5, 3, -127, 127, ScalarType.Char, output);
        Assert.Equal<sbyte>([3, 5, 3, 127, -127, 0], KernelTestHost.Values<sbyte>(output));
    }

    [Fact]
    public void TensorsGiveScaleAndZeroPoint()
    {
        var output = _host.Output(ScalarType.Byte, [3]);
        var (scale, zeroPoint) = (_host.Tensor(ScalarType.Double, [1], 0.5), _host.Longs([1], 10));
        _host.Run("quantized_decomposed::quantize_per_tensor.Tensor_out", _host.Floats([3], 1, -20, 200), scale, zeroPoint, 0, 255, ScalarType.Byte, output);
        Assert.Equal<byte>([12, 0, 255], KernelTestHost.Values<byte>(output));
        var back = _host.Output(ScalarType.Float, [3]);
        _host.Run("quantized_decomposed::dequantize_per_tensor.Tensor_out", output, scale, zeroPoint, 0, 255, ScalarType.Byte, null, back);
        Assert.Equal<float>([1, -5, 122.5f], KernelTestHost.Values<float>(back));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-2)]
    public void ChannelsFollowTheAxisInEveryDimOrder(int axis)
    {
        // [2, 2, 1, 2], values given in memory order: channels last holds channels next to one another.
        var dim = axis < 0 ? axis + 4 : axis;
        var (scales, zeroPoints) = (_host.Floats([dim == 2 ? 1 : 2], dim == 2 ? [1] : [1, 0.5f]), _host.Longs([dim == 2 ? 1 : 2], dim == 2 ? [7] : [0, 10]));
        foreach (var order in new byte[][] { [0, 1, 2, 3], [0, 2, 3, 1] })
        {
            var input = _host.Ordered<float>(ScalarType.Float, [2, 2, 1, 2], order, 1, 2, 3, 4, 5, 6, 7, 8);
            var output = _host.Output(ScalarType.Int, [2, 2, 1, 2], order);
            _host.Run("quantized_decomposed::quantize_per_channel.out", input, scales, zeroPoints, axis, -100, 100, ScalarType.Int, output);
            var actual = KernelTestHost.Values<int>(output);
            for (var n = 0; n < 8; n++)
            {
                var channel = (int)(n / input.Strides[dim] % input.Sizes[dim]);
                Assert.Equal(dim == 2 ? n + 8 : channel == 0 ? n + 1 : (2 * (n + 1)) + 10, actual[n]);
            }

            var back = _host.Output(ScalarType.Float, [2, 2, 1, 2], order);
            _host.Run("quantized_decomposed::dequantize_per_channel.out", output, scales, zeroPoints, axis, -100, 100, ScalarType.Int, null, back);
            Assert.Equal(KernelTestHost.Values<float>(input), KernelTestHost.Values<float>(back));
        }
    }

    [Fact]
    public void TokensAreQuantisedByTheirOwnRange()
    {
        var input = _host.Floats([2, 3], -1, 0, 2, 10, 20, 30);
        var (scales, zeroPoints) = (_host.Output(ScalarType.Double, [2, 1]), _host.Output(ScalarType.Long, [2, 1]));
        _host.Run("quantized_decomposed::choose_qparams_per_token_asymmetric.out", input, ScalarType.Char, scales, zeroPoints, new[] { scales, zeroPoints });
        Assert.Equal([3f / 255, 30f / 255], KernelTestHost.Values<double>(scales).Select(scale => (float)scale));
        Assert.Equal([-43L, -128], KernelTestHost.Values<long>(zeroPoints));
        var quantized = _host.Output(ScalarType.Char, [2, 3]);
        _host.Run("quantized_decomposed::quantize_per_token.out", input, scales, zeroPoints, -128, 127, ScalarType.Char, quantized);
        Assert.Equal<sbyte>([-128, -43, 127, -43, 42, 127], KernelTestHost.Values<sbyte>(quantized));
        var back = _host.Output(ScalarType.Float, [2, 3]);
        _host.Run("quantized_decomposed::dequantize_per_token.out", quantized, scales, zeroPoints, -128, 127, ScalarType.Char, ScalarType.Float, back);
        Assert.All(KernelTestHost.Values<float>(input).Zip(KernelTestHost.Values<float>(back)), pair => Assert.Equal(pair.First, pair.Second, 0.06));
    }

    [Fact]
    public void TheRangeOfATensorHoldsZeroAndItsScaleIsNotBelowEps()
    {
        var (scale, zeroPoint) = (_host.Output(ScalarType.Double, [1]), _host.Output(ScalarType.Long, [1]));
        _host.Run("quantized_decomposed::choose_qparams.Tensor_out", _host.Floats([2], 1, 2.55f), 0, 255, 1e-5, ScalarType.Byte, scale, zeroPoint, new[] { scale, zeroPoint });
        Assert.Equal((2.55f / 255, 0L), ((float)KernelTestHost.Values<double>(scale)[0], KernelTestHost.Values<long>(zeroPoint)[0]));
        _host.Run("quantized_decomposed::choose_qparams.Tensor_out", _host.Floats([2], 0, 0), -128, 127, 1e-5, ScalarType.Char, scale, zeroPoint, new[] { scale, zeroPoint });
        Assert.Equal((1e-5f, -128L), ((float)KernelTestHost.Values<double>(scale)[0], KernelTestHost.Values<long>(zeroPoint)[0]));
    }

    [Fact]
    public void SumsAreTakenOnRealValues()
    {
        var (left, right) = (_host.Tensor<sbyte>(ScalarType.Char, [3], 10, -4, 100), _host.Tensor<sbyte>(ScalarType.Char, [3], 2, 4, 100));
        var output = _host.Output(ScalarType.Char, [3]);
        _host.Run("quantized_decomposed::add.out", left, 0.5, 2, -128, 127, right, 0.25, 0, -128, 127, 0.5, 1, -128, 127, output);
        Assert.Equal<sbyte>([10, -3, 127], KernelTestHost.Values<sbyte>(output));
    }

    [Fact]
    public void EmbeddingsUnpackTheirBits()
    {
        var indices = _host.Longs([2], 1, 0);
        var four = _host.Output(ScalarType.Float, [2, 4]);
        _host.Run("quantized_decomposed::embedding_4bit.out", _host.Tensor<byte>(ScalarType.Byte, [2, 2], 0x0F, 0x80, 0x12, 0x9A), _host.Floats([2, 2], 1, 2, 3, 4), null, -8, 7, indices, four);
        Assert.Equal<float>([-21, -18, 4, 8, -8, 7, 0, -16], KernelTestHost.Values<float>(four));
        var two = _host.Output(ScalarType.Float, [2, 4]);
        _host.Run("quantized_decomposed::embedding_2bit.out", _host.Tensor<byte>(ScalarType.Byte, [2, 1], 0b11_10_01_00, 0b00_00_00_11), _host.Floats([2], 1, 2), null, -2, 1, indices, two);
        Assert.Equal<float>([2, -4, -4, -4, -2, -1, 0, 1], KernelTestHost.Values<float>(two));
        var half = _host.Output(ScalarType.Half, [2, 2]);
        _host.Run("quantized_decomposed::embedding_byte.dtype_out", _host.Tensor<sbyte>(ScalarType.Char, [2, 2], 1, -2, 3, 4), _host.Floats([2], 1, 0.5f), _host.Floats([2], 1, 0), -128, 127, indices, ScalarType.Half, half);
        Assert.Equal<Half>([(Half)1.5, (Half)2, (Half)0, (Half)(-3)], KernelTestHost.Values<Half>(half));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-1)]
    public void AnIndexBeyondTheTableIsAnError(long index)
    {
        var (weight, scales, output) = (_host.Tensor<byte>(ScalarType.Byte, [2, 1], 0, 0), _host.Floats([2], 1, 1), _host.Output(ScalarType.Float, [1, 2]));
        var error = Assert.Throws<TandemException>(() => _host.Run("quantized_decomposed::embedding_4bit.out", weight, scales, null, -8, 7, _host.Longs([1], index), output));
        Assert.Equal(ErrorCode.OperatorArgumentInvalid, error.Code);
    }

    [Fact]
    public void ProductsScaleRowsOrGroupsOfTheWeight()
    {
        var input = _host.Floats([1, 2], 2, 3);
        var product = _host.Output(ScalarType.Float, [1, 2]);
        _host.Run("quantized_decomposed::mixed_mm.out", input, _host.Tensor<sbyte>(ScalarType.Char, [2, 2], 1, 2, 3, 4), _host.Floats([2], 1, 0.5f), null, product);
        Assert.Equal<float>([6.5f, 10], KernelTestHost.Values<float>(product));
        var linear = _host.Output(ScalarType.Float, [1, 1]);
        _host.Run("quantized_decomposed::mixed_linear.out", input, _host.Tensor<sbyte>(ScalarType.Char, [1, 2], 5, -1), _host.Floats([1, 2], 1, 10), null, null, linear);
        Assert.Equal<float>([-20], KernelTestHost.Values<float>(linear));
    }
}
