using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

/// <summary>Sums to codes on every rung against the formula: equal, to the last bit.</summary>
public sealed unsafe class RequantizeKernelTests
{
    [Theory]
    [MemberData(nameof(Rungs.All), MemberType = typeof(Rungs))]
    public void Sums_around_halves_and_at_both_ends(string name)
    {
        var kernel = RequantizeKernel.Get(Rungs.Use(name));
        var random = new Random(7);
        foreach (var p in (Requantization[])[new(0, -128, 127), new(-128, -128, 127), new(127, -128, 127), new(5, 5, 100), new(-3, -20, -20)])
        {
            foreach (var (rows, columns) in ((int, int)[])[(1, 1), (3, 15), (4, 16), (2, 17), (5, 33), (1, 64)])
            {
                var padded = (columns + 15) / 16 * 16;
                var (sums, bias, scales) = (new int[rows * padded], new int[padded], new float[padded]);
                int[] extremes = [int.MinValue, int.MaxValue, 1 << 30, 0, 1, -1];
                for (var i = 0; i < sums.Length; i++)
                {
                    sums[i] = i % 5 == 0 ? extremes[random.Next(extremes.Length)] : random.Next(-700, 700);
                }

                for (var i = 0; i < padded; i++)
                {
                    (bias[i], scales[i]) = (random.Next(-9, 9), ((float[])[0.5f, 0.25f, 1, 0.0371f, 1e-30f, 1e30f, float.PositiveInfinity])[i % 7]);
                }

                var output = new sbyte[rows * (columns + 2)];
                output.AsSpan().Fill(0x55);
                fixed (int* s = sums, b = bias)
                fixed (float* f = scales)
                fixed (sbyte* o = output)
                {
                    kernel(s, padded, rows, columns, b, f, p, o, columns + 2);
                }

                for (var row = 0; row < rows; row++)
                {
                    for (var column = 0; column < columns; column++)
                    {
                        // Zero times infinity is NaN, which gives the greatest code.
                        var x = unchecked(sums[(row * padded) + column] + bias[column]) * scales[column];
                        var expected = float.IsNaN(x) ? p.Maximum
                            : (int)MathF.Round(Math.Clamp(x, p.Minimum - p.ZeroPoint, p.Maximum - p.ZeroPoint), MidpointRounding.ToEven) + p.ZeroPoint;
                        Assert.Equal((x, expected), (x, output[(row * (columns + 2)) + column]));
                    }

                    Assert.Equal([0x55, 0x55], output[((row * (columns + 2)) + columns)..((row + 1) * (columns + 2))]);
                }
            }
        }
    }
}
