using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

public sealed unsafe class RowQuantizerTests
{
    public static TheoryData<string> All => Rungs.All;

    [Theory]
    [MemberData(nameof(All))]
    public void Every_rung_writes_the_same_bits_as_the_formula(string name)
    {
        var rung = Rungs.Use(name);
        foreach (var k in new[] { 1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 100, 288, 1000 })
        {
            foreach (var (scale, offset) in new[] { (1f, 0f), (1f, 5f), (1f, -5f), (1e-20f, 0f), (1e20f, 1e20f), (3f, 2.9f), (0f, 0f), (0f, 2f), (0f, -3f) })
            {
                using var source = NativeFloats.Random(3 * k, k);
                foreach (ref var value in source.Span)
                {
                    value = (value * scale) + offset;
                }

                Check(rung, source.Pointer, 3, k, 1);
                Check(rung, source.Pointer, 3, k, 3);
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Halves_round_to_even_and_extremes_reach_both_ends(string name)
    {
        var rung = Rungs.Use(name);

        // 255 apart: the scale is 1 and the zero point 0, so that halves stay halves.
        using var source = NativeFloats.Of([-128, 127, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 126.5f, -127.5f]);
        var row = stackalloc byte[(int)RowQuantizer.RowStride(10)];
        RowQuantization parameters;
        RowQuantizer.Quantize(rung, source.Pointer, 1, 10, 1, row, &parameters);
        Assert.Equal((1f, 0), (parameters.Scale, parameters.ZeroPoint));
        Assert.Equal([-128, 127, 0, 2, 2, 0, -2, -2, 126, -128], Codes(row, 10));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_row_of_one_sign_has_its_zero_point_at_an_end(string name)
    {
        var rung = Rungs.Use(name);
        var row = stackalloc byte[(int)RowQuantizer.RowStride(40)];
        RowQuantization parameters;
        using var positive = NativeFloats.Random(40, 1);
        positive.Span.Fill(2);
        RowQuantizer.Quantize(rung, positive.Pointer, 1, 40, 1, row, &parameters);
        Assert.Equal((-128, 127 * 40), (parameters.ZeroPoint, parameters.Sum));
        positive.Span.Fill(-2);
        RowQuantizer.Quantize(rung, positive.Pointer, 1, 40, 1, row, &parameters);
        Assert.Equal((127, -128 * 40), (parameters.ZeroPoint, parameters.Sum));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_row_with_a_NaN_or_an_infinity_or_too_wide_has_no_scale(string name)
    {
        var rung = Rungs.Use(name);
        foreach (var k in new[] { 1, 5, 16, 33, 64, 70 })
        {
            foreach (var strange in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
            {
                for (var at = 0; at < k; at++)
                {
                    using var source = NativeFloats.Random(k, k);
                    source.Span[at] = strange;
                    AssertEmpty(rung, source, k, float.NaN);
                }
            }
        }

        using var wide = NativeFloats.Of([float.MaxValue, float.MinValue, 0, 1]);
        AssertEmpty(rung, wide, 4, float.NaN);
        using var tiny = NativeFloats.Of([float.Epsilon, 0, -float.Epsilon, 1e-40f]);
        AssertEmpty(rung, tiny, 4, 0);
    }

    private static void AssertEmpty(InstructionSet rung, NativeFloats source, int k, float inverse)
    {
        var row = stackalloc byte[(int)RowQuantizer.RowStride(k)];
        RowQuantization parameters;
        RowQuantizer.Quantize(rung, source.Pointer, 1, k, 1, row, &parameters);
        Assert.Equal(inverse, parameters.InverseScale);
        Assert.Equal((0, 0, 0f), (parameters.ZeroPoint, parameters.Sum, parameters.Scale));
        Assert.All(Codes(row, k), code => Assert.Equal(0, code));
    }

    private static void Check(InstructionSet rung, float* source, int rows, int k, int rowsPerScale)
    {
        var stride = (int)RowQuantizer.RowStride(k);
        var blocks = (k + 31) / 32;
        var memory = new byte[rows * stride];
        memory.AsSpan().Fill(0xAA);
        var parameters = new RowQuantization[rows];
        fixed (byte* destination = memory)
        fixed (RowQuantization* p = parameters)
        {
            RowQuantizer.Quantize(rung, source, rows, k, rowsPerScale, destination, p);
            for (var row = 0; row < rows; row++)
            {
                var shared = new ReadOnlySpan<float>(source + (row / rowsPerScale * rowsPerScale * k), rowsPerScale * k);
                var (least, greatest) = (0f, 0f);
                foreach (var value in shared)
                {
                    least = Math.Min(least, value);
                    greatest = Math.Max(greatest, value);
                }

                var scale = least == greatest ? 1 : 255 / (greatest - least);
                var zero = (-128 + (least * scale)) + (127 + (greatest * scale)) > 0 ? -128 - (least * scale) : 127 - (greatest * scale);
                var zeroPoint = (int)MathF.Round(Math.Clamp(zero, -128, 127));
                Assert.Equal((scale, 1 / scale, zeroPoint), (parameters[row].Scale, parameters[row].InverseScale, parameters[row].ZeroPoint));
                var codes = new int[blocks * 32];
                for (var i = 0; i < k; i++)
                {
                    codes[i] = (int)MathF.Round(Math.Clamp(source[(row * k) + i] * scale, -128 - zeroPoint, 127 - zeroPoint)) + zeroPoint;
                }

                Assert.Equal(codes, Codes(destination + (row * stride), blocks * 32));
                Assert.Equal(codes.Sum(), parameters[row].Sum);
                for (var block = 0; block < blocks; block++)
                {
                    var correction = *(int*)(destination + (row * stride) + (block * 36) + 32);
                    var (first, second) = (0, 0);
                    for (var i = 0; i < 32; i++)
                    {
                        _ = (i % 8) < 4 ? first += codes[(block * 32) + i] : second += codes[(block * 32) + i];
                    }

                    Assert.Equal(
                        RowQuantizer.SumsPairs(rung) ? (-8 * first & 0xFFFF) | (-8 * second << 16) : -8 * (first + second), correction);
                }
            }
        }
    }

    private static int[] Codes(byte* row, int count)
    {
        var codes = new int[count];
        for (var i = 0; i < count; i++)
        {
            codes[i] = (sbyte)row[(i / 32 * 36) + (i % 32 / 8 * 8) + (i % 2 * 4) + (i % 8 / 2)];
        }

        return codes;
    }
}
