using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Kernels;

/// <summary>T1: arguments that a verified program may still hold, and that would make a kernel leave its buffers, are typed errors.</summary>
public sealed class HostileArgumentTests : IDisposable
{
    private readonly KernelTestHost _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("aten::nonzero.out")]
    [InlineData("aten::argmax.out")]
    public void IndicesNeedInt64(string name) =>
        Refused(ErrorCode.OperatorTypeNotSupported, name, name == "aten::argmax.out" ? [_host.Floats([2, 2], 1, 2, 3, 4), 1, false, _host.Output(ScalarType.Byte, [2])]
            : [_host.Floats([4], 1, 2, 3, 4), _host.Output(ScalarType.Byte, [4, 1])]);

    [Fact]
    public void BytesAreNeverCopiedBetweenDtypes()
    {
        var (wide, narrow) = (_host.Tensor<double>(ScalarType.Double, [4], 1, 2, 3, 4), _host.Output(ScalarType.Byte, [4]));
        Refused(ErrorCode.OperatorTypeNotSupported, "aten::gather.out", wide, 0, _host.Longs([4], 0, 1, 2, 3), false, narrow);
        Refused(ErrorCode.OperatorTypeNotSupported, "aten::index_select.out", wide, 0, _host.Longs([4], 0, 1, 2, 3), narrow);
        Refused(ErrorCode.OperatorTypeNotSupported, "aten::view_copy.out", wide, new[] { 4 }, narrow);
        Refused(ErrorCode.OperatorTypeNotSupported, "aten::slice_copy.Tensor_out", wide, 0, 0, 4, 1, narrow);
        Refused(ErrorCode.OperatorTypeNotSupported, "aten::unsqueeze_copy.out", wide, 0, _host.Output(ScalarType.Byte, [1, 4]));
        Refused(ErrorCode.OperatorTypeNotSupported, "aten::repeat.out", wide, new[] { 1 }, narrow);
        Refused(ErrorCode.OperatorTypeNotSupported, "aten::roll.out", wide, new[] { 1 }, new[] { 0 }, narrow);
        Refused(ErrorCode.OperatorTypeNotSupported, "aten::constant_pad_nd.out", wide, new[] { 0, 0 }, 0, narrow);
        Refused(ErrorCode.OperatorTypeNotSupported, "aten::masked_select.out", wide, _host.Tensor<byte>(ScalarType.Bool, [4], 1, 1, 1, 1), narrow);
        Refused(ErrorCode.OperatorTypeNotSupported, "aten::sort.values", wide, 0, false, new[] { narrow, _host.Output(ScalarType.Long, [4]) });
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(1L << 62)]
    [InlineData(-1L)]
    public void RepeatsWhoseSumOverflowsAreRefused(long count) => Refused(ErrorCode.OperatorArgumentInvalid, "aten::repeat_interleave.Tensor_out",
        _host.Longs([4], count, count, count, count), null, _host.Output(ScalarType.Long, [4]));

    [Fact]
    public void AListLongerThanAnyShapeDoesNotReachTheStack() => Refused(ErrorCode.OperatorArgumentInvalid, "aten::view_copy.out",
        _host.Floats([1], 1), Enumerable.Repeat(1, 4_000_000).ToArray(), _host.Output(ScalarType.Float, [1]));

    [Theory]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    public void ResamplingNeedsPositiveFactors(double factor)
    {
        var (input, output) = (_host.Floats([1, 1, 2, 2], 1, 2, 3, 4), _host.Output(ScalarType.Float, [1, 1, 4, 4]));
        Refused(ErrorCode.OperatorArgumentInvalid, "aten::upsample_nearest2d.vec_out", input, new[] { 4, 4 }, new[] { factor, factor }, output);
        Refused(ErrorCode.OperatorArgumentInvalid, "aten::upsample_bilinear2d.vec_out", input, new[] { 4, 4 }, false, new[] { factor, factor }, output);
    }

    [Fact]
    public void ParametersOfAnotherLengthAreRefused()
    {
        var (input, parameter, output) = (_host.Floats([1, 2, 2], 1, 2, 3, 4), _host.Floats([1], 1), _host.Output(ScalarType.Float, [1, 2, 2]));
        var (means, factors) = (_host.Output(ScalarType.Float, [1]), _host.Output(ScalarType.Float, [1]));
        Refused(ErrorCode.OperatorArgumentInvalid, "aten::native_group_norm.out", input, parameter, parameter, 1, 2, 2, 1, 1e-5, output, means, factors, new[] { output, means, factors });
        Refused(ErrorCode.OperatorArgumentInvalid, "aten::linear.out", _host.Floats([1, 1], 1), _host.Floats([2, 1], 1, 2), parameter, _host.Output(ScalarType.Float, [1, 2]));
        Refused(ErrorCode.OperatorArgumentInvalid, "aten::addmm.out", _host.Floats([3], 1, 2, 3), _host.Floats([1, 1], 1), _host.Floats([1, 2], 1, 2), 1, 1, _host.Output(ScalarType.Float, [1, 2]));
    }

    [Fact]
    public void AnOperandThatDoesNotBroadcastToTheOutputIsRefused() => Refused(ErrorCode.OperatorArgumentInvalid, "aten::copy_",
        _host.Floats([2, 2], 1, 2, 3, 4), _host.Tensor<double>(ScalarType.Double, [3], 1, 2, 3), false, _host.Output(ScalarType.Float, [2, 2]));

    private void Refused(ErrorCode code, string name, params object?[] arguments) =>
        Assert.Equal(code, Assert.Throws<TandemException>(() => _host.Run(name, arguments)).Code);
}
