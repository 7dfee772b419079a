using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Tandem.Host.Quantization;

/// <summary>
/// Finds the scale of a group of weights whose rounding leaves the least squared error. Each lane of a vector tries a scale of its own and adds its errors
/// in the order of the weights, with separate products and sums: the result is the same on every machine.
/// </summary>
internal static unsafe class ScaleSearch
{
    /// <summary>Scales that are tried over the whole range.</summary>
    internal const int Coarse = 64;

    /// <summary>Scales that are tried around the best of them.</summary>
    internal const int Fine = 32;

    // From scales that leave a little room above the greatest magnitude down to those that clip most of it; neighbours are 2 % apart.
    private const float WidestFraction = 0.8f;
    private const float NarrowestFraction = 3f;

    // The fine scales reach a little over the neighbours of the best coarse one.
    private const float FineStep = 1.0015f;

    private static readonly float[] Divisors = CreateDivisors();

    /// <summary>Searches.</summary>
    /// <param name="weights">The group, scaled so that its greatest magnitude is at least 1 and less than 2.</param>
    /// <param name="greatest">The greatest magnitude.</param>
    /// <param name="first">The scale that is taken if no other is better.</param>
    /// <param name="grid">The integers.</param>
    /// <returns>The scale of least squared error.</returns>
    internal static float Find(ReadOnlySpan<float> weights, float greatest, float first, WeightGrid grid)
    {
        Span<float> scales = stackalloc float[Coarse];
        Span<float> errors = stackalloc float[Coarse];
        scales[0] = first;
        for (var i = 1; i < Coarse; i++)
        {
            scales[i] = grid.Round(greatest / (grid.Divisor * Divisors[i]));
        }

        SquaredErrors(weights, scales, errors, grid);
        var (best, error) = (scales[0], errors[0]);
        Take(scales, errors, ref best, ref error);
        var center = best;
        scales = scales[..Fine];
        var factor = MathF.Pow(FineStep, -(Fine / 2));
        for (var i = 0; i < Fine; i++)
        {
            scales[i] = grid.Round(center * factor);
            factor *= FineStep;
        }

        SquaredErrors(weights, scales, errors[..Fine], grid);
        Take(scales, errors[..Fine], ref best, ref error);
        return best;
    }

    // Of equal errors the first one counts.
    private static void Take(ReadOnlySpan<float> scales, ReadOnlySpan<float> errors, ref float best, ref float error)
    {
        for (var i = 0; i < scales.Length; i++)
        {
            if (errors[i] < error)
            {
                (best, error) = (scales[i], errors[i]);
            }
        }
    }

    /// <summary>The squared error of a group with each of several scales.</summary>
    /// <param name="weights">The group.</param>
    /// <param name="scales">The scales; a multiple of 32.</param>
    /// <param name="errors">Receives the errors.</param>
    /// <param name="grid">The integers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void SquaredErrors(ReadOnlySpan<float> weights, ReadOnlySpan<float> scales, Span<float> errors, WeightGrid grid)
    {
        var least = Vector256.Create((float)grid.Minimum);
        var most = Vector256.Create((float)grid.Maximum);
        fixed (float* source = weights, scale = scales, target = errors)
        {
            for (var i = 0; i < scales.Length; i += 32)
            {
                var (s0, s1, s2, s3) = (Vector256.Load(scale + i), Vector256.Load(scale + i + 8), Vector256.Load(scale + i + 16), Vector256.Load(scale + i + 24));
                var (r0, r1, r2, r3) = (Vector256<float>.One / s0, Vector256<float>.One / s1, Vector256<float>.One / s2, Vector256<float>.One / s3);
                Vector256<float> e0 = default, e1 = default, e2 = default, e3 = default;
                for (var k = 0; k < weights.Length; k++)
                {
                    var w = Vector256.Create(source[k]);
                    var d0 = w - (Vector256.MinNative(Vector256.MaxNative(Vector256.Round(w * r0), least), most) * s0);
                    var d1 = w - (Vector256.MinNative(Vector256.MaxNative(Vector256.Round(w * r1), least), most) * s1);
                    var d2 = w - (Vector256.MinNative(Vector256.MaxNative(Vector256.Round(w * r2), least), most) * s2);
                    var d3 = w - (Vector256.MinNative(Vector256.MaxNative(Vector256.Round(w * r3), least), most) * s3);
                    e0 += d0 * d0;
                    e1 += d1 * d1;
                    e2 += d2 * d2;
                    e3 += d3 * d3;
                }

                e0.Store(target + i);
                e1.Store(target + i + 8);
                e2.Store(target + i + 16);
                e3.Store(target + i + 24);
            }
        }
    }

    private static float[] CreateDivisors()
    {
        var divisors = new float[Coarse];
        for (var i = 1; i < Coarse; i++)
        {
            divisors[i] = (float)(WidestFraction * Math.Pow(NarrowestFraction / WidestFraction, (i - 1) / (double)(Coarse - 2)));
        }

        return divisors;
    }
}
