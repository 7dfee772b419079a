using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>c[n] = clamp(dot(a, row n of b)): one row against an unpacked [N, K] matrix.</summary>
internal static unsafe class F32Dot<TSimd, V>
    where TSimd : struct, ISimd<V>
    where V : unmanaged
{
    // Floats from what is read to what is fetched.
    private const nint PrefetchDistance = 1024;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(float* a, float* b, nint bStride, nint n, nint k, float* c, float min, float max)
    {
        var whole = k - (k % TSimd.Width);
        var rest = k - whole;
        var low = Vector128.Create(min);
        var high = Vector128.Create(max);
        nint j = 0;
        for (; j + 4 <= n; j += 4)
        {
            var b0 = b;
            var b1 = b0 + bStride;
            var b2 = b1 + bStride;
            var b3 = b2 + bStride;
            V s0 = TSimd.Zero, s1 = s0, s2 = s0, s3 = s0;
            for (nint i = 0; i < whole; i += TSimd.Width)
            {
                var x = TSimd.Load(a + i);
                TSimd.Prefetch(b0 + i + PrefetchDistance);
                TSimd.Prefetch(b1 + i + PrefetchDistance);
                TSimd.Prefetch(b2 + i + PrefetchDistance);
                TSimd.Prefetch(b3 + i + PrefetchDistance);
                s0 = TSimd.MultiplyAdd(x, TSimd.Load(b0 + i), s0);
                s1 = TSimd.MultiplyAdd(x, TSimd.Load(b1 + i), s1);
                s2 = TSimd.MultiplyAdd(x, TSimd.Load(b2 + i), s2);
                s3 = TSimd.MultiplyAdd(x, TSimd.Load(b3 + i), s3);
            }

            if (rest != 0)
            {
                var x = TSimd.LoadPartial(a + whole, rest);
                s0 = TSimd.MultiplyAdd(x, TSimd.LoadPartial(b0 + whole, rest), s0);
                s1 = TSimd.MultiplyAdd(x, TSimd.LoadPartial(b1 + whole, rest), s1);
                s2 = TSimd.MultiplyAdd(x, TSimd.LoadPartial(b2 + whole, rest), s2);
                s3 = TSimd.MultiplyAdd(x, TSimd.LoadPartial(b3 + whole, rest), s3);
            }

            SimdVector128.Clamp(TSimd.Sum(s0, s1, s2, s3), low, high).Store(c + j);
            b += 4 * bStride;
        }

        for (; j < n; j++)
        {
            var s = TSimd.Zero;
            for (nint i = 0; i < whole; i += TSimd.Width)
            {
                s = TSimd.MultiplyAdd(TSimd.Load(a + i), TSimd.Load(b + i), s);
            }

            if (rest != 0)
            {
                s = TSimd.MultiplyAdd(TSimd.LoadPartial(a + whole, rest), TSimd.LoadPartial(b + whole, rest), s);
            }

            c[j] = SimdScalar.Clamp(TSimd.Sum(s), min, max);
            b += bStride;
        }
    }
}
