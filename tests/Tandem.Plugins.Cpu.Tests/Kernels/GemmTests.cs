using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

public sealed unsafe class GemmTests
{
    public static TheoryData<string> All => Rungs.Float;

    [Theory]
    [MemberData(nameof(All))]
    public void Edge_shapes_equal_a_double_product(string rung)
    {
        var isa = Rungs.Use(rung);
        var job = new GemmJob();
        int[] ks = [1, 2, 3, 5, 8, 15, 16, 17, 33, 70];
        var seed = 0;
        for (var m = 1; m <= 33; m++)
        {
            for (var n = 1; n <= 67; n += m is 1 or 8 ? 1 : 1 + (seed % 4))
            {
                var k = ks[seed++ % ks.Length];
                Check(job, isa, m, n, k, seed);
            }
        }

        for (var k = 1; k <= 70; k++)
        {
            Check(job, isa, 1 + (k % 9), 1 + (k * 5 % 67), k, k);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Big_shapes_equal_a_double_product_on_one_and_two_threads(string rung)
    {
        var isa = Rungs.Use(rung);
        (int M, int N, int K)[] shapes = [(1, 1030, 700), (5, 515, 1100), (128, 130, 512), (200, 96, 1300), (97, 513, 129), (40, 256, 1024), (1, 2048, 512), (129, 70, 2049), (17, 130, 3100)];
        foreach (var (m, n, k) in shapes)
        {
            foreach (var threads in (int[])[1, 2, 3])
            {
                Check(new GemmJob(), isa, m, n, k, m + n + k, threads, isLarge: true);
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Large_products_run_on_the_pool_and_small_ones_do_not(string rung)
    {
        var isa = Rungs.Use(rung);
        var pool = new TestPool(2);
        using var w = NativeFloats.Random(512 * 512, 1);
        using var a = NativeFloats.Random(64 * 512, 2);
        using var c = new NativeFloats(64 * 512);
        using var packed = Gemm.Pack(isa, w.Pointer, 512, 512, false, null);
        Gemm.Run(pool, new GemmJob(), packed, a.Pointer, 64, 512, c.Pointer, 512);
        Assert.Equal(1, pool.RunCount);
        using var small = Gemm.Pack(isa, w.Pointer, 16, 16, false, null);
        Gemm.Run(pool, new GemmJob(), small, a.Pointer, 4, 16, c.Pointer, 16);
        Assert.Equal(1, pool.RunCount);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Nan_and_infinity_reach_the_output_and_nothing_else(string rung)
    {
        var isa = Rungs.Use(rung);
        const int m = 9, n = 37, k = 21;
        foreach (var bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            using var w = NativeFloats.Random(n * k, 3);
            foreach (ref var x in w.Span)
            {
                x = MathF.Abs(x) + 0.1f;
            }

            using var a = NativeFloats.Random(m * k, 4);
            a.Span[(4 * k) + 7] = bad;
            using var c = new NativeFloats(m * n);
            using var packed = Gemm.Pack(isa, w.Pointer, n, k, false, null);
            Gemm.Run(null, new GemmJob(), packed, a.Pointer, m, k, c.Pointer, n);
            for (var i = 0; i < m * n; i++)
            {
                Assert.Equal(i / n == 4 ? bad : c.Span[i], c.Span[i]);
                Assert.Equal(i / n != 4, float.IsFinite(c.Span[i]));
            }

            Gemm.Run(null, new GemmJob(), packed, a.Pointer, m, k, c.Pointer, n, 0, 6);
            Assert.Equal(float.IsNaN(bad) ? float.NaN : bad > 0 ? 6 : 0, c.Span[4 * n]);
            Assert.Equal(float.IsNaN(bad) ? float.NaN : bad > 0 ? 6 : 0, c.Span[(5 * n) - 1]);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Weights_of_16_bits_compute_what_their_float_values_compute(string rung)
    {
        var isa = Rungs.Use(rung);
        var seed = 0;
        foreach (var format in (WeightFormat[])[WeightFormat.Float16, WeightFormat.BFloat16])
        {
            foreach (var (m, n, k) in ((int, int, int)[])[(1, 37, 29), (1, 16, 8), (2, 64, 33), (3, 7, 1), (6, 50, 16), (8, 48, 70), (17, 130, 3100), (40, 256, 1024), (129, 70, 515), (1, 1030, 700)])
            {
                foreach (var isTransposed in (bool[])[false, true])
                {
                    using var weights = new Weights16(format, n * k, ++seed);
                    using var a = NativeFloats.Random(m * k, seed + 1);
                    using var bias = NativeFloats.Random(n, seed + 2);
                    using var fromFloats = Gemm.Pack(isa, weights.Floats.Pointer, n, k, isTransposed, bias.Pointer);
                    using var from16 = Gemm.Pack(isa, weights.Pointer, n, k, isTransposed, bias.Pointer, format);
                    using var expected = Run(fromFloats);
                    using var actual = Run(from16);
                    Assert.Equal(expected.Span, actual.Span);
                    Assert.True(from16.ByteCount <= (fromFloats.ByteCount / 2) + (4 * (n + 32)));

                    NativeFloats Run(PackedMatrix packed)
                    {
                        var c = new NativeFloats(m * n);
                        using var scratch = new NativeFloats((int)(Gemm.GetScratchBytes(packed, m, 2) / 4));
                        Gemm.Prepare(packed, m);
                        Gemm.Run(new TestPool(2), new GemmJob(), packed, a.Pointer, m, k, c.Pointer, n, float.NegativeInfinity, 1, scratch.Bytes);
                        return c;
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Half_precision_weights_are_read_by_kernels_for_finite_ones_only_if_all_are(string rung)
    {
        var isa = Rungs.Use(rung);
        const int n = 21, k = 13;
        using var a = NativeFloats.Random(2 * k, 1);
        for (var special = -1; special < n * k; special += special < 0 ? 1 : 17)
        {
            using var weights = new Weights16(WeightFormat.Float16, n * k, 3);
            if (special >= 0)
            {
                ((Half*)weights.Pointer)[special] = special % 2 == 0 ? Half.NaN : Half.NegativeInfinity;
                weights.Floats.Span[special] = special % 2 == 0 ? float.NaN : float.NegativeInfinity;
            }

            using var packed = Gemm.Pack(isa, weights.Pointer, n, k, false, null, WeightFormat.Float16);
            using var floats = Gemm.Pack(isa, weights.Floats.Pointer, n, k, false, null);
            Assert.Equal(special < 0 ? WeightFormat.FiniteFloat16 : WeightFormat.Float16, packed.Kernels.Format);
            using var actual = new NativeFloats(2 * n);
            using var expected = new NativeFloats(2 * n);
            Gemm.Run(null, new GemmJob(), packed, a.Pointer, 2, k, actual.Pointer, n);
            Gemm.Run(null, new GemmJob(), floats, a.Pointer, 2, k, expected.Pointer, n);
            Assert.Equal(expected.Span, actual.Span);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Every_16_bit_weight_is_widened_exactly(string rung)
    {
        var isa = Rungs.Use(rung);
        foreach (var format in (WeightFormat[])[WeightFormat.Float16, WeightFormat.BFloat16])
        {
            using var weights = new Weights16(format, 65536, null);
            using var one = NativeFloats.Of([1]);
            using var c = new NativeFloats(65536);
            using var packed = Gemm.Pack(isa, weights.Pointer, 65536, 1, false, null, format);
            Gemm.Run(null, new GemmJob(), packed, one.Pointer, 1, 1, c.Pointer, 65536);
            Assert.Equal(weights.Floats.Span, c.Span);
        }
    }

    [Fact]
    public void Every_half_converts_exactly()
    {
        var halves = new Half[65536];
        for (var i = 0; i < halves.Length; i++)
        {
            halves[i] = BitConverter.UInt16BitsToHalf((ushort)i);
        }

        using var floats = new NativeFloats(65536);
        fixed (Half* h = halves)
        {
            HalfConversion.ToSingle(h, floats.Pointer, 65536);
        }

        for (var i = 0; i < halves.Length; i++)
        {
            var expected = (float)halves[i];
            Assert.True(expected.Equals(floats.Span[i]) && float.IsNegative(expected) == float.IsNegative(floats.Span[i]), $"{i:x4}: {expected} {floats.Span[i]}");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Running_allocates_nothing(string rung)
    {
        var isa = Rungs.Use(rung);
        using var w = NativeFloats.Random(64 * 64, 1);
        using var a = NativeFloats.Random(64 * 64, 2);
        using var c = new NativeFloats(64 * 64);
        using var packed = Gemm.Pack(isa, w.Pointer, 64, 64, false, null);
        var job = new GemmJob();
        Gemm.Run(null, job, packed, a.Pointer, 64, 64, c.Pointer, 64);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++)
        {
            Gemm.Run(null, job, packed, a.Pointer, 64, 64, c.Pointer, 64);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Check(GemmJob job, InstructionSet isa, int m, int n, int k, int seed, int threads = 1, bool isLarge = false)
    {
        var isTransposed = (seed & 1) != 0;
        var hasBias = (seed & 2) != 0;
        var (min, max) = (seed & 4) != 0 ? (-0.7f, 0.9f) : (float.NegativeInfinity, float.PositiveInfinity);
        var aStride = k + (isLarge ? 0 : seed % 3);
        var cStride = n + (seed % 5);
        using var w = NativeFloats.Random(n * k, seed);
        using var a = NativeFloats.Random(((m - 1) * aStride) + k, seed + 1);
        using var bias = NativeFloats.Random(n, seed + 2);
        using var c = new NativeFloats(((m - 1) * cStride) + n);
        c.Span.Fill(-77);
        using var packed = Gemm.Pack(isa, w.Pointer, n, k, isTransposed, hasBias ? bias.Pointer : null);
        using var scratch = new NativeFloats((int)(Gemm.GetScratchBytes(packed, m, threads) / 4));
        Gemm.Prepare(packed, m);
        Gemm.Run(
            threads == 1 ? null : new TestPool(threads), job, packed, a.Pointer, m, aStride, c.Pointer, cStride, min, max, scratch.Bytes);
        for (var i = 0; i < m; i++)
        {
            for (var j = 0; j < cStride && (i * cStride) + j < c.Count; j++)
            {
                if (j >= n)
                {
                    Assert.Equal(-77, c.Span[(i * cStride) + j]);
                    continue;
                }

                double sum = hasBias ? bias.Span[j] : 0;
                for (var l = 0; l < k; l++)
                {
                    sum += (double)a.Span[(i * aStride) + l] * w.Span[isTransposed ? (l * n) + j : (j * k) + l];
                }

                sum = Math.Clamp(sum, min, max);
                var actual = c.Span[(i * cStride) + j];
                Assert.True(
                    Math.Abs(sum - actual) <= 2e-6 * Math.Max(8, Math.Sqrt(k) * 4), $"{isa} {m}x{n}x{k} [{i},{j}]: {sum} {actual}; {isTransposed} {hasBias}");
            }
        }
    }
}
