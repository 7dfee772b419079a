using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Kernels.Shape;

public sealed class TileCropKernelTests : IDisposable
{
    private readonly KernelTestHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void TilesFollowRowByRow()
    {
        var output = _host.Output(ScalarType.Int, [6, 2, 2, 2]);
        _host.Run("preprocess::tile_crop.out", _host.Tensor(ScalarType.Int, [2, 4, 6], [.. Enumerable.Range(0, 48)]), 2, output);
        Assert.Equal([6, 2, 2, 2], output.Sizes.ToArray());
        var expected = from row in Enumerable.Range(0, 2)
                       from column in Enumerable.Range(0, 3)
                       from channel in Enumerable.Range(0, 2)
                       from y in Enumerable.Range(0, 2)
                       from x in Enumerable.Range(0, 2)
                       select (channel * 24) + (((row * 2) + y) * 6) + (column * 2) + x;
        Assert.Equal(expected, KernelTestHost.Values<int>(output));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(0)]
    [InlineData(-2)]
    public void ATileThatDoesNotDivideTheImageIsATypedError(int size) =>
        Assert.Equal(ErrorCode.OperatorArgumentInvalid, Assert.Throws<TandemException>(() => _host.Run("preprocess::tile_crop.out",
            _host.Tensor(ScalarType.Int, [2, 4, 6], [.. Enumerable.Range(0, 48)]), size, _host.Output(ScalarType.Int, [6, 2, 2, 2]))).Code);

    [Theory]
    [InlineData("aten::pixel_shuffle.out")]
    [InlineData("aten::pixel_unshuffle.out")]
    public void AFactorWhoseSquareOverflowsIsATypedError(string name) =>
        Assert.Equal(ErrorCode.OperatorArgumentInvalid, Assert.Throws<TandemException>(() => _host.Run(name,
            _host.Floats([1, 4, 2, 2], new float[16]), 1 << 16, _host.Output(ScalarType.Float, [1, 1, 4, 4]))).Code);
}
