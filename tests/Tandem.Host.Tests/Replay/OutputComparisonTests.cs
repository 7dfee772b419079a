using System.Runtime.InteropServices;
using Tandem.Host.Replay;
using Tandem.Host.TensorFiles;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Replay;

public sealed unsafe class OutputComparisonTests
{
    [Theory]
    [InlineData(1f, 1.00009f, true)]
    [InlineData(1f, 1.001f, false)]
    [InlineData(float.NaN, float.NaN, true)]
    [InlineData(float.NaN, 1f, false)]
    [InlineData(1f, float.NaN, false)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity, true)]
    [InlineData(float.PositiveInfinity, float.NegativeInfinity, false)]
    [InlineData(1f, float.PositiveInfinity, false)]
    public void FloatsAgreeWithinTheTolerance(float actual, float expected, bool agree) =>
        Assert.Equal(agree, Compare<float>(ScalarType.Float, [1], [], [actual], [expected]) is null);

    [Fact]
    public void IntegersAgreeExactly()
    {
        Assert.Null(Compare<long>(ScalarType.Long, [2], [], [1, long.MaxValue], [1, long.MaxValue]));
        Assert.NotNull(Compare<long>(ScalarType.Long, [2], [], [1, long.MaxValue - 1], [1, long.MaxValue]));
    }

    [Fact]
    public void ElementsAreComparedInLogicalOrder() =>
        Assert.Null(Compare<float>(ScalarType.Float, [2, 2], [1, 0], [1, 3, 2, 4], [1, 2, 3, 4]));

    [Fact]
    public void AnotherShapeDiffers()
    {
        float data = 0;
        var view = new TensorView(new TensorLayout(ScalarType.Float, [1]));
        view.Bind(&data);
        Assert.Contains("[1, 1]", OutputComparison.Compare(view, new TensorData(new TensorLayout(ScalarType.Float, [1, 1]), new byte[4]), 1, 1));
    }

    private static string? Compare<T>(ScalarType type, int[] sizes, byte[] dimOrder, T[] actual, T[] expected)
        where T : unmanaged
    {
        var view = new TensorView(new TensorLayout(type, sizes, dimOrder));
        fixed (T* data = actual)
        {
            view.Bind(data);
            return OutputComparison.Compare(view, new TensorData(new TensorLayout(type, sizes), MemoryMarshal.AsBytes<T>(expected).ToArray()), 1e-4, 0);
        }
    }
}
