using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

/// <summary>Arithmetic of codes on every rung against the formula: equal, to the last bit.</summary>
public sealed unsafe class QuantizedBinaryKernelTests
{
    [Theory]
    [MemberData(nameof(Rungs.All), MemberType = typeof(Rungs))]
    public void Sums_of_all_extremes(string name) => Check(Rungs.Use(name), false, [(1 << 20, 1 << 20, 12), (1 << 20, -(1 << 18), 30), (-1024, (1 << 21) - 1, 20), (777777, 54321, 19)]);

    [Theory]
    [MemberData(nameof(Rungs.All), MemberType = typeof(Rungs))]
    public void Products_of_all_extremes(string name) => Check(Rungs.Use(name), true, [(0, 0, 0)]);

    private static void Check(InstructionSet rung, bool isProduct, (int First, int Second, int Shift)[] factors)
    {
        var kernel = QuantizedBinaryKernel.Get(rung);
        var seed = 0;
        foreach (var isUnsigned in (bool[])[false, true])
        {
            var (lowest, highest) = isUnsigned ? (0, 255) : (-128, 127);
            foreach (var (zeroA, zeroB, zero, minimum, maximum) in ((int, int, int, int, int)[])
                [(lowest, lowest, lowest, lowest, highest), (highest, highest, highest, lowest, highest), (lowest, highest, 5, lowest + 10, highest - 10), (3, 90, 60, 60, 60)])
            {
                foreach (var (first, second, shift) in factors)
                {
                    foreach (var scale in isProduct ? (float[])[1f / 65536, 0.013f, 0.5f, 256] : [1])
                    {
                        var p = new QuantizedBinaryParameters
                        {
                            IsProduct = isProduct,
                            IsUnsigned = isUnsigned,
                            First = first,
                            Second = second,
                            Shift = shift,
                            Offset = isProduct ? 0 : (1 << (shift - 1)) - (first * zeroA) - (second * zeroB),
                            FirstZeroPoint = zeroA,
                            SecondZeroPoint = zeroB,
                            Scale = scale,
                            ZeroPoint = zero,
                            Minimum = minimum,
                            Maximum = maximum,
                        };
                        foreach (var count in (int[])[1, 7, 8, 9, 15, 16, 17, 33, 70])
                        {
                            foreach (var (stepA, stepB) in ((int, int)[])[(1, 1), (0, 1), (1, 0)])
                            {
                                Check(kernel, p, count, stepA, stepB, ++seed);
                            }
                        }
                    }
                }
            }
        }
    }

    private static void Check(
        delegate*<in QuantizedBinaryParameters, byte*, byte*, byte*, nint, nint, nint, void> kernel, QuantizedBinaryParameters p, int count, int stepA, int stepB, int seed)
    {
        // Every third pair is of extremes.
        var random = new Random(seed);
        var (a, b, output) = (new byte[count], new byte[count], new byte[count + 1]);
        random.NextBytes(a);
        random.NextBytes(b);
        for (var i = 0; i < count; i += 3)
        {
            (a[i], b[i]) = (random.Next(2) == 0 ? (byte)0x80 : (byte)0x7F, random.Next(2) == 0 ? (byte)0xFF : (byte)0);
        }

        output[count] = 0xAA;
        fixed (byte* x = a, y = b, z = output)
        {
            kernel(p, x, y, z, count, stepA, stepB);
        }

        Assert.Equal(0xAA, output[count]);
        for (var i = 0; i < count; i++)
        {
            var (x, y) = (a[i * stepA], b[i * stepB]);
            var (u, v) = p.IsUnsigned ? (x, y) : (int.CreateChecked((sbyte)x), int.CreateChecked((sbyte)y));
            var expected = p.IsProduct
                ? (int)MathF.Round(Math.Clamp((u - p.FirstZeroPoint) * (v - p.SecondZeroPoint) * p.Scale, p.Minimum - p.ZeroPoint, p.Maximum - p.ZeroPoint)) + p.ZeroPoint
                : Math.Clamp(((p.Offset + (u * p.First) + (v * p.Second)) >> p.Shift) + p.ZeroPoint, p.Minimum, p.Maximum);
            Assert.Equal((u, v, expected), (u, v, p.IsUnsigned ? output[i] : (sbyte)output[i]));
        }
    }
}
