using System.Numerics;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Kernels.Fourier;

/// <summary>Transforms against the definition of the discrete Fourier transform, lengths that are powers of two and others.</summary>
public sealed class FourierKernelTests : IDisposable
{
    private readonly KernelTestHost _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(5, 2)]
    [InlineData(8, 0)]
    [InlineData(12, 1)]
    [InlineData(16, 2)]
    public void RealToComplexIsTheDefinition(int length, int normalization)
    {
        var values = Values(3 * length);
        foreach (var isOneSided in new[] { true, false })
        {
            var count = isOneSided ? (length / 2) + 1 : length;
            var output = _host.Output(ScalarType.ComplexFloat, [3, count]);
            _host.Run("aten::_fft_r2c.out", _host.Floats([3, length], values), new[] { 1 }, normalization, isOneSided, output);
            var found = KernelTestHost.Values<(float Real, float Imaginary)>(output);
            for (var line = 0; line < 3; line++)
            {
                for (var k = 0; k < count; k++)
                {
                    var expected = Transform(length, k, -1, n => values[(line * length) + n]) * Scale(length, normalization);
                    AssertNear(expected, new Complex(found[(line * count) + k].Real, found[(line * count) + k].Imaginary));
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(16)]
    public void ComplexToRealUndoesRealToComplexOverTwoDimensions(int length)
    {
        var values = Values(3 * length);
        var (spectrum, restored) = (_host.Output(ScalarType.ComplexFloat, [3, (length / 2) + 1]), _host.Output(ScalarType.Float, [3, length]));
        _host.Run("aten::_fft_r2c.out", _host.Floats([3, length], values), new[] { 0, 1 }, 0, true, spectrum);
        var before = KernelTestHost.Values<float>(new TensorViewOfFloats(spectrum).View);
        _host.Run("aten::_fft_c2r.out", spectrum, new[] { 0, 1 }, 2, length, restored);
        Assert.Equal(before, KernelTestHost.Values<float>(new TensorViewOfFloats(spectrum).View));
        var found = KernelTestHost.Values<float>(restored);
        for (var i = 0; i < values.Length; i++)
        {
            Assert.Equal(values[i], found[i], 1e-5);
        }
    }

    [Fact]
    public void ComplexToRealRefusesALengthThatTheInputCannotGive() =>
        Assert.Equal(ErrorCode.OperatorArgumentInvalid, Assert.Throws<TandemException>(() => _host.Run(
            "aten::_fft_c2r.out", _host.Output(ScalarType.ComplexFloat, [2, 3]), new[] { 1 }, 0, 9, _host.Output(ScalarType.Float, [2, 9]))).Code);

    private static float[] Values(int count) => [.. Enumerable.Range(0, count).Select(i => MathF.Sin(i * 1.7f) + (0.1f * i))];

    private static double Scale(int length, int normalization) => normalization switch { 1 => 1 / Math.Sqrt(length), 2 => 1.0 / length, _ => 1 };

    private static Complex Transform(int length, int k, int sign, Func<int, double> value)
    {
        var sum = Complex.Zero;
        for (var n = 0; n < length; n++)
        {
            sum += value(n) * Complex.Exp(new Complex(0, sign * 2 * Math.PI * k * n / length));
        }

        return sum;
    }

    private static void AssertNear(Complex expected, Complex found) => Assert.True((expected - found).Magnitude < 1e-4, $"{expected} {found}");

    /// <summary>The same memory as floats, real and imaginary parts in turn.</summary>
    private readonly unsafe struct TensorViewOfFloats
    {
        internal TensorViewOfFloats(TensorView complex)
        {
            View = new TensorView(new TensorLayout(ScalarType.Float, [.. complex.Sizes, 2]));
            View.Bind(complex.Data);
        }

        internal TensorView View { get; }
    }
}
