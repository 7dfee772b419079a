using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Kernels.Pointwise;

/// <summary>Where eager PyTorch's meaning is not plain arithmetic.</summary>
public sealed class PointwiseKernelTests : IDisposable
{
    private const float NaN = float.NaN;
    private const float Inf = float.PositiveInfinity;

    private readonly KernelTestHost _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("aten::maximum.out", new[] { NaN, NaN, 2f, Inf })]
    [InlineData("aten::minimum.out", new[] { NaN, NaN, 1f, -Inf })]
    public void NotANumberPropagatesThroughExtremes(string name, float[] expected)
    {
        var output = _host.Output(ScalarType.Float, [4]);
        _host.Run(name, _host.Floats([4], NaN, 1, 1, Inf), _host.Floats([4], 1, NaN, 2, -Inf), output);
        Assert.Equal(expected, KernelTestHost.Values<float>(output));
    }

    [Fact]
    public void NotANumberPropagatesThroughLimits()
    {
        foreach (var count in new[] { 3, 40 })
        {
            var input = Enumerable.Repeat(NaN, count).ToArray();
            (input[0], input[1]) = (-5, 5);
            var output = _host.Output(ScalarType.Float, [count]);
            _host.Run("aten::clamp.out", _host.Floats([count], input), -1.0, 1.0, output);
            Assert.Equal([-1, 1, .. Enumerable.Repeat(NaN, count - 2)], KernelTestHost.Values<float>(output));
            _host.Run("aten::relu.out", _host.Floats([count], input), output);
            Assert.Equal([0, 5, .. Enumerable.Repeat(NaN, count - 2)], KernelTestHost.Values<float>(output));
            _host.Run("aten::hardtanh.out", _host.Floats([count], input), -2.0, 3.0, output);
            Assert.Equal([-2, 3, .. Enumerable.Repeat(NaN, count - 2)], KernelTestHost.Values<float>(output));
        }
    }

    [Theory]
    [InlineData("aten::sigmoid.out")]
    [InlineData("aten::log1p.out")]
    [InlineData("aten::tanh.out")]
    public void NoElementsGiveNoElements(string name)
    {
        var output = _host.Output(ScalarType.Float, [0, 3]);
        _host.Run(name, _host.Floats([0, 3]), output);
        Assert.Empty(KernelTestHost.Values<float>(output));
    }

    [Fact]
    public void LogarithmsOfOnePlusInfinitiesAreInfinityAndNotANumber()
    {
        var output = _host.Output(ScalarType.Float, [5]);
        _host.Run("aten::log1p.out", _host.Floats([5], Inf, -Inf, -1, -2, NaN), output);
        Assert.Equal([Inf, NaN, -Inf, NaN, NaN], KernelTestHost.Values<float>(output));
    }

    [Fact]
    public void IntegerDivisionRoundsDownAndRemaindersTakeTheDivisorsSign()
    {
        var (left, right, output) = (_host.Longs([4], 7, -7, 7, -7), _host.Longs([4], 2, 2, -2, -2), _host.Output(ScalarType.Long, [4]));
        _host.Run("aten::floor_divide.out", left, right, output);
        Assert.Equal([3L, -4, -4, 3], KernelTestHost.Values<long>(output));
        _host.Run("aten::remainder.Tensor_out", left, right, output);
        Assert.Equal([1L, 1, -1, -1], KernelTestHost.Values<long>(output));
        _host.Run("aten::fmod.Tensor_out", left, right, output);
        Assert.Equal([1L, -1, 1, -1], KernelTestHost.Values<long>(output));
        _host.Run("aten::div.out_mode", left, right, "trunc", output);
        Assert.Equal([3L, -3, -3, 3], KernelTestHost.Values<long>(output));
    }

    [Theory]
    [InlineData("aten::floor_divide.out")]
    [InlineData("aten::remainder.Tensor_out")]
    [InlineData("aten::fmod.Tensor_out")]
    public void IntegerDivisionByZeroIsATypedError(string name)
    {
        var output = _host.Output(ScalarType.Long, [1]);
        Assert.Equal(ErrorCode.OperatorArgumentInvalid, Assert.Throws<TandemException>(() => _host.Run(name, _host.Longs([1], 1), _host.Longs([1], 0), output)).Code);
    }

    [Fact]
    [ProducesError(ErrorCode.OperatorTypeNotSupported)]
    public void ADtypeWithoutArithmeticIsATypedError()
    {
        var (input, output) = (_host.Output(ScalarType.ComplexFloat, [2]), _host.Output(ScalarType.ComplexFloat, [2]));
        Assert.Equal(ErrorCode.OperatorTypeNotSupported, Assert.Throws<TandemException>(() => _host.Run("aten::tanh.out", input, output)).Code);
    }

    [Fact]
    public void TheLeastIntegerDividedByMinusOneDoesNotStopTheProcess()
    {
        var output = _host.Output(ScalarType.Long, [1]);
        _host.Run("aten::floor_divide.out", _host.Longs([1], long.MinValue), _host.Longs([1], -1), output);
        Assert.Equal([long.MinValue], KernelTestHost.Values<long>(output));
        _host.Run("aten::remainder.Tensor_out", _host.Longs([1], long.MinValue), _host.Longs([1], -1), output);
        Assert.Equal([0L], KernelTestHost.Values<long>(output));
    }

    [Fact]
    public void IntegersWrapInTheirOwnDtype()
    {
        var output = _host.Output(ScalarType.Char, [2]);
        _host.Run("aten::add.out", _host.Tensor<sbyte>(ScalarType.Char, [2], 127, -128), _host.Tensor<sbyte>(ScalarType.Char, [2], 1, -1), 1, output);
        Assert.Equal<sbyte>([-128, 127], KernelTestHost.Values<sbyte>(output));
    }

    [Fact]
    public void AlphaScalesTheSecondOperand()
    {
        var output = _host.Output(ScalarType.Float, [2]);
        _host.Run("aten::sub.out", _host.Floats([2], 10, 20), _host.Floats([1], 3), 2.0, output);
        Assert.Equal<float>([4, 14], KernelTestHost.Values<float>(output));
        _host.Run("aten::rsub.Scalar_out", _host.Floats([2], 10, 20), 1.0, 2.0, output);
        Assert.Equal<float>([-19, -39], KernelTestHost.Values<float>(output));
    }

    [Fact]
    public void IntegersDivideToFractions()
    {
        var output = _host.Output(ScalarType.Float, [3]);
        _host.Run("aten::div.out", _host.Longs([3], 1, -1, 0), _host.Longs([3], 2, 0, 0), output);
        Assert.Equal([0.5f, -Inf, NaN], KernelTestHost.Values<float>(output));
    }

    [Fact]
    public void HalvesRoundToEven()
    {
        var output = _host.Output(ScalarType.Float, [5]);
        _host.Run("aten::round.out", _host.Floats([5], 0.5f, 1.5f, 2.5f, -0.5f, NaN), output);
        Assert.Equal([0, 2, 2, -0f, NaN], KernelTestHost.Values<float>(output));
    }

    [Fact]
    public void CastsTruncateAndWrapAsOnX86()
    {
        var input = _host.Floats([6], 1.9f, -1.9f, 300, -1, Inf, NaN);
        var (bytes, ints, flags) = (_host.Output(ScalarType.Byte, [6]), _host.Output(ScalarType.Int, [6]), _host.Output(ScalarType.Bool, [6]));
        _host.Run("aten::_to_copy.out", input, false, null, bytes);
        _host.Run("aten::_to_copy.out", input, false, null, ints);
        _host.Run("aten::_to_copy.out", input, false, null, flags);
        Assert.Equal<byte>([1, 255, 44, 255, 0, 0], KernelTestHost.Values<byte>(bytes));
        Assert.Equal([1, -1, 300, -1, int.MinValue, int.MinValue], KernelTestHost.Values<int>(ints));
        Assert.Equal<byte>([1, 1, 1, 1, 1, 1], KernelTestHost.Values<byte>(flags));
    }

    [Fact]
    public void NarrowFloatsRoundOnce()
    {
        // 1 + 2^-9 + 2^-26 lies above the middle between two bfloat16; through float32 it would fall on the middle.
        var output = _host.Output(ScalarType.BFloat16, [1]);
        _host.Run("aten::_to_copy.out", _host.Tensor(ScalarType.Double, [1], 1 + Math.ScaleB(1, -8) + Math.ScaleB(1, -26)), false, null, output);
        Assert.Equal(1 + Math.ScaleB(1, -7), (double)(float)KernelTestHost.Values<BFloat16>(output)[0]);
    }

    [Fact]
    public void ShapesBroadcastFromTheirEndsAndAcrossDimOrders()
    {
        var left = _host.Ordered<float>(ScalarType.Float, [1, 2, 1, 2], [0, 2, 3, 1], 1, 10, 2, 20);
        var output = _host.Output(ScalarType.Float, [1, 2, 1, 2]);
        _host.Run("aten::add.out", left, _host.Floats([2], 100, 200), 1, output);
        Assert.Equal<float>([101, 202, 110, 220], KernelTestHost.Values<float>(output));
        var last = _host.Output(ScalarType.Float, [1, 2, 1, 2], [0, 2, 3, 1]);
        _host.Run("aten::mul.out", left, _host.Floats([], 2), last);
        Assert.Equal<float>([2, 20, 4, 40], KernelTestHost.Values<float>(last));
        Assert.Throws<TandemException>(() => _host.Run("aten::mul.out", left, _host.Floats([3], 1, 2, 3), output));
    }

    [Fact]
    public void EmptyTensorsGiveEmptyTensors()
    {
        var output = _host.Output(ScalarType.Float, [4, 3]);
        _host.Run("aten::add.out", _host.Floats([0, 3]), _host.Floats([1, 3], 1, 2, 3), 1, output);
        Assert.Equal([0, 3], output.Sizes.ToArray());
        _host.Run("aten::exp.out", _host.Floats([0]), output = _host.Output(ScalarType.Float, [2]));
        Assert.Equal([0], output.Sizes.ToArray());
    }

    [Fact]
    public void ComparisonsWithWhatIsNotANumberAreFalse()
    {
        var (left, right, output) = (_host.Floats([2], NaN, 1), _host.Floats([2], NaN, 1), _host.Output(ScalarType.Bool, [2]));
        foreach (var (name, expected) in new[] { ("eq", new byte[] { 0, 1 }), ("ne", [1, 0]), ("ge", [0, 1]), ("le", [0, 1]), ("lt", [0, 0]), ("gt", [0, 0]) })
        {
            _host.Run($"aten::{name}.Tensor_out", left, right, output);
            Assert.Equal(expected, KernelTestHost.Values<byte>(output));
        }
    }

    [Fact]
    public void ReductionsPropagateNotANumberAndSumsKeepSmallTerms()
    {
        var one = _host.Output(ScalarType.Float, []);
        var many = Enumerable.Repeat(0.1f, 1_000_000).ToArray();
        _host.Run("aten::sum.IntList_out", _host.Floats([many.Length], many), new[] { 0 }, false, null, one);
        Assert.Equal(100_000, KernelTestHost.Values<float>(one)[0], 0.01);
        _host.Run("aten::amax.out", _host.Floats([3], 1, NaN, 3), new[] { -1 }, false, one);
        Assert.Equal([NaN], KernelTestHost.Values<float>(one));
        var (value, index) = (_host.Output(ScalarType.Float, [1]), _host.Output(ScalarType.Long, [1]));
        _host.Run("aten::max.dim_max", _host.Floats([1, 4], 1, NaN, 3, NaN), 1, false, value, index, new[] { value, index });
        Assert.Equal((NaN, 1L), (KernelTestHost.Values<float>(value)[0], KernelTestHost.Values<long>(index)[0]));
    }

    [Fact]
    public void AnEmptySumIsZeroAndAnEmptyMeanIsNotANumber()
    {
        var output = _host.Output(ScalarType.Float, [2]);
        _host.Run("aten::sum.IntList_out", _host.Floats([2, 0]), new[] { 1 }, false, null, output);
        Assert.Equal<float>([0, 0], KernelTestHost.Values<float>(output));
        _host.Run("aten::mean.out", _host.Floats([2, 0]), new[] { 1 }, false, null, output);
        Assert.Equal([NaN, NaN], KernelTestHost.Values<float>(output));
    }

    [Fact]
    public void PrimOperatorsReplaceTheirResult()
    {
        Assert.Equal(-4, _host.Run("executorch_prim::floordiv.Scalar", -7, 2, 0).AsInt());
        Assert.Equal(1, _host.Run("executorch_prim::mod.Scalar", -7, 2, 0).AsInt());
        Assert.Equal(3.5, _host.Run("executorch_prim::truediv.Scalar", 7, 2, 0).AsDouble());
        Assert.True(_host.Run("executorch_prim::le.Scalar", 2, 2.0, 0).AsBool());
        Assert.Equal(3, _host.Run("aten::sym_size.int", _host.Floats([2, 3], 1, 2, 3, 4, 5, 6), -1, 0).AsInt());
        Assert.Equal(5, _host.Run("aten::_local_scalar_dense", _host.Longs([1], 5), 0).AsInt());
        Assert.Throws<TandemException>(() => _host.Run("executorch_prim::floordiv.Scalar", 1, 0, 0));
        Assert.Throws<TandemException>(() => _host.Run("aten::sym_size.int", _host.Floats([1], 1), 1, 0));
    }
}
