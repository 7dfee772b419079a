using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

/// <summary>Floats to codes and back on every rung against the formula: equal, to the last bit.</summary>
public sealed unsafe class QuantizeKernelTests
{
    private static readonly int[] Counts = [0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 100];

    [Theory]
    [MemberData(nameof(Rungs.All), MemberType = typeof(Rungs))]
    public void Floats_become_codes_half_to_even_within_the_range_and_NaN_the_greatest(string name)
    {
        var kernel = QuantizeKernel.FromFloat(Rungs.Use(name));
        foreach (var (isUnsigned, zeroPoint) in ((bool, int)[])[(false, -128), (false, 0), (false, 3), (false, 127), (true, 0), (true, 128), (true, 255)])
        {
            foreach (var scale in (float[])[1, 0.5f, 0.0371f, 1.17549435E-38f, 3e38f])
            {
                foreach (var count in Counts)
                {
                    using var input = Strange(count, scale, count + zeroPoint);
                    var output = new byte[count + 1];
                    output[count] = 0xAA;
                    fixed (byte* codes = output)
                    {
                        kernel(input.Pointer, codes, count, scale, zeroPoint, isUnsigned);
                    }

                    Assert.Equal(0xAA, output[count]);
                    var (lowest, highest) = isUnsigned ? (0, 255) : (-128, 127);
                    for (var i = 0; i < count; i++)
                    {
                        var scaled = input.Span[i] * (1 / scale);
                        var expected = float.IsNaN(scaled) ? highest
                            : (int)MathF.Round(Math.Clamp(scaled, lowest - zeroPoint, highest - zeroPoint), MidpointRounding.ToEven) + zeroPoint;
                        Assert.Equal((input.Span[i], expected), (input.Span[i], isUnsigned ? output[i] : (sbyte)output[i]));
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Rungs.All), MemberType = typeof(Rungs))]
    public void Every_code_becomes_its_number(string name)
    {
        var kernel = QuantizeKernel.ToFloat(Rungs.Use(name));
        var codes = Enumerable.Range(0, 256).Select(static code => (byte)code).ToArray();
        foreach (var (isUnsigned, zeroPoint) in ((bool, int)[])[(false, -128), (false, 0), (false, 127), (true, 0), (true, 255)])
        {
            foreach (var count in (int[])[.. Counts, 256])
            {
                using var output = new NativeFloats(count);
                fixed (byte* input = codes)
                {
                    kernel(input + (256 - count), output.Pointer, count, 0.0371f, zeroPoint, isUnsigned);
                }

                for (var i = 0; i < count; i++)
                {
                    var code = codes[256 - count + i];
                    Assert.Equal(((isUnsigned ? code : (sbyte)code) - zeroPoint) * 0.0371f, output.Span[i]);
                }
            }
        }
    }

    /// <summary>Halves, extremes, infinities, NaN and numbers around the range of codes.</summary>
    private static NativeFloats Strange(int count, float scale, int seed)
    {
        float[] first = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.MinValue, float.Epsilon, -0f, BitConverter.UInt32BitsToSingle(0xFF800001)];
        var random = new Random(seed);
        var values = new NativeFloats(count);
        for (var i = 0; i < count; i++)
        {
            values.Span[i] = i % 3 == 0 ? first[random.Next(first.Length)] : scale * random.Next(-600, 600) / 2;
        }

        return values;
    }
}
