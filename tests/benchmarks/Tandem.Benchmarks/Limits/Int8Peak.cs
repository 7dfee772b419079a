using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Tandem.Benchmarks.Limits;

/// <summary>Multiply-adds of bytes in registers only, by the fastest instructions that .NET reaches on this CPU.</summary>
internal static class Int8Peak
{
    private const int Steps = 4000;

    // Iterations hold this many independent sums: enough to cover the latency of two instructions in a row.
    private const int Sums = 12;
    private static int _sink;

    /// <summary>Gop/s of one thread (a multiply and an add are two), from about 20 microseconds; 0 where the CPU has no such instructions.</summary>
    public static double Measure()
    {
        double best = 0;
        if (Avx512BW.IsSupported)
        {
            best = Math.Max(best, Rate(WideMultiplyAdd, 64));
        }

        if (AvxVnni.IsSupported)
        {
            best = Math.Max(best, Rate(Dot256, 32));
        }

        if (Avx2.IsSupported)
        {
            best = Math.Max(best, Rate(MultiplyAdd256, 32));
        }

        if (Dp.IsSupported)
        {
            best = Math.Max(best, Rate(Dot128, 16));
        }

        return best;
    }

    private static double Rate(Func<int> loop, int productsPerSum)
    {
        var start = Stopwatch.GetTimestamp();
        _sink += loop();
        return 2.0 * Sums * Steps * productsPerSum / ((Stopwatch.GetTimestamp() - start) * 1e9 / Stopwatch.Frequency);
    }

    // The factor is the sum itself: a product of two constants would be computed once, before the loop.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int WideMultiplyAdd()
    {
        var y = Vector512.Create((sbyte)3);
        Vector512<short> a = Vector512.Create((short)1), b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
        for (var s = 0; s < Steps; s++)
        {
            a = Avx512BW.Add(a, Avx512BW.MultiplyAddAdjacent(a.AsByte(), y));
            b = Avx512BW.Add(b, Avx512BW.MultiplyAddAdjacent(b.AsByte(), y));
            c = Avx512BW.Add(c, Avx512BW.MultiplyAddAdjacent(c.AsByte(), y));
            d = Avx512BW.Add(d, Avx512BW.MultiplyAddAdjacent(d.AsByte(), y));
            e = Avx512BW.Add(e, Avx512BW.MultiplyAddAdjacent(e.AsByte(), y));
            f = Avx512BW.Add(f, Avx512BW.MultiplyAddAdjacent(f.AsByte(), y));
            g = Avx512BW.Add(g, Avx512BW.MultiplyAddAdjacent(g.AsByte(), y));
            h = Avx512BW.Add(h, Avx512BW.MultiplyAddAdjacent(h.AsByte(), y));
            i = Avx512BW.Add(i, Avx512BW.MultiplyAddAdjacent(i.AsByte(), y));
            j = Avx512BW.Add(j, Avx512BW.MultiplyAddAdjacent(j.AsByte(), y));
            k = Avx512BW.Add(k, Avx512BW.MultiplyAddAdjacent(k.AsByte(), y));
            l = Avx512BW.Add(l, Avx512BW.MultiplyAddAdjacent(l.AsByte(), y));
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int MultiplyAdd256()
    {
        var y = Vector256.Create((sbyte)3);
        Vector256<short> a = Vector256.Create((short)1), b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
        for (var s = 0; s < Steps; s++)
        {
            a = Avx2.Add(a, Avx2.MultiplyAddAdjacent(a.AsByte(), y));
            b = Avx2.Add(b, Avx2.MultiplyAddAdjacent(b.AsByte(), y));
            c = Avx2.Add(c, Avx2.MultiplyAddAdjacent(c.AsByte(), y));
            d = Avx2.Add(d, Avx2.MultiplyAddAdjacent(d.AsByte(), y));
            e = Avx2.Add(e, Avx2.MultiplyAddAdjacent(e.AsByte(), y));
            f = Avx2.Add(f, Avx2.MultiplyAddAdjacent(f.AsByte(), y));
            g = Avx2.Add(g, Avx2.MultiplyAddAdjacent(g.AsByte(), y));
            h = Avx2.Add(h, Avx2.MultiplyAddAdjacent(h.AsByte(), y));
            i = Avx2.Add(i, Avx2.MultiplyAddAdjacent(i.AsByte(), y));
            j = Avx2.Add(j, Avx2.MultiplyAddAdjacent(j.AsByte(), y));
            k = Avx2.Add(k, Avx2.MultiplyAddAdjacent(k.AsByte(), y));
            l = Avx2.Add(l, Avx2.MultiplyAddAdjacent(l.AsByte(), y));
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Dot256()
    {
        var (x, y) = (Vector256.Create((byte)5), Vector256.Create((sbyte)3));
        Vector256<int> a = Vector256<int>.One, b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
        for (var s = 0; s < Steps; s++)
        {
            a = AvxVnni.MultiplyWideningAndAdd(a, x, y);
            b = AvxVnni.MultiplyWideningAndAdd(b, x, y);
            c = AvxVnni.MultiplyWideningAndAdd(c, x, y);
            d = AvxVnni.MultiplyWideningAndAdd(d, x, y);
            e = AvxVnni.MultiplyWideningAndAdd(e, x, y);
            f = AvxVnni.MultiplyWideningAndAdd(f, x, y);
            g = AvxVnni.MultiplyWideningAndAdd(g, x, y);
            h = AvxVnni.MultiplyWideningAndAdd(h, x, y);
            i = AvxVnni.MultiplyWideningAndAdd(i, x, y);
            j = AvxVnni.MultiplyWideningAndAdd(j, x, y);
            k = AvxVnni.MultiplyWideningAndAdd(k, x, y);
            l = AvxVnni.MultiplyWideningAndAdd(l, x, y);
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int Dot128()
    {
        var (x, y) = (Vector128.Create((sbyte)5), Vector128.Create((sbyte)3));
        Vector128<int> a = Vector128<int>.One, b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
        for (var s = 0; s < Steps; s++)
        {
            a = Dp.DotProduct(a, x, y);
            b = Dp.DotProduct(b, x, y);
            c = Dp.DotProduct(c, x, y);
            d = Dp.DotProduct(d, x, y);
            e = Dp.DotProduct(e, x, y);
            f = Dp.DotProduct(f, x, y);
            g = Dp.DotProduct(g, x, y);
            h = Dp.DotProduct(h, x, y);
            i = Dp.DotProduct(i, x, y);
            j = Dp.DotProduct(j, x, y);
            k = Dp.DotProduct(k, x, y);
            l = Dp.DotProduct(l, x, y);
        }

        return Vector128.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }
}
