using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

public sealed unsafe class QuantizedGemmTests
{
    private static readonly (QuantizedWeightKind Kind, int GroupSize)[] Kinds =
    [
        (QuantizedWeightKind.Int4Block32, 32), (QuantizedWeightKind.Int4Group, 64), (QuantizedWeightKind.Int4Group, 96), (QuantizedWeightKind.Int4Group, 128),
        (QuantizedWeightKind.Int4Channel, 0), (QuantizedWeightKind.Int8Channel, 0),
    ];

    public static TheoryData<string> All => Rungs.All;

    [Theory]
    [MemberData(nameof(All))]
    public void Products_of_every_shape_around_tiles_and_groups_are_right(string name)
    {
        var rung = Rungs.Use(name);
        foreach (var (kind, groupSize) in Kinds)
        {
            foreach (var m in new[] { 1, 2, 3, 4, 5, 6, 7, 8, 13 })
            {
                foreach (var n in new[] { 1, 3, 7, 8, 9, 16, 17, 31, 32, 33, 48, 65 })
                {
                    Check(rung, new QuantizedReference(kind, n, Depth(kind, groupSize, m + n), groupSize, n), m);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Depths_that_fill_no_block_are_right(string name)
    {
        var rung = Rungs.Use(name);
        foreach (var kind in new[] { QuantizedWeightKind.Int4Channel, QuantizedWeightKind.Int8Channel })
        {
            foreach (var k in new[] { 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 34, 63, 64, 65, 95, 127, 129 })
            {
                Check(rung, new QuantizedReference(kind, 19, k, 0, k), 1);
                Check(rung, new QuantizedReference(kind, 19, k, 0, k), 5);
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_largest_operands_overflow_nothing(string name)
    {
        var rung = Rungs.Use(name);
        foreach (var (kind, groupSize) in Kinds)
        {
            var (low, high) = kind == QuantizedWeightKind.Int8Channel ? (-128, 127) : (-8, 7);
            var k = groupSize == 0 ? 1024 : 12 * groupSize;
            Func<int, int>[] weights = [_ => low, _ => high, i => i % 2 == 0 ? low : high, i => i / 2 % 2 == 0 ? low : high, i => i % 8 < 4 ? low : high];

            // Rows of one sign put the zero point at an end; the others have codes at both ends.
            Func<int, float>[] rows = [_ => 1, _ => -1, i => i % 2 == 0 ? 1 : -1, i => i / 2 % 2 == 0 ? 1 : -1, i => i % 8 < 4 ? 1 : -1, i => i % 32 == 0 ? -1 : 1];
            foreach (var weight in weights)
            {
                foreach (var row in rows)
                {
                    var reference = new QuantizedReference(kind, 17, k, groupSize, 1, weight);
                    Check(rung, reference, 1, row);
                    Check(rung, reference, 4, row);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_row_with_a_NaN_or_an_infinity_gives_NaN_and_its_neighbours_do_not(string name)
    {
        var rung = Rungs.Use(name);
        foreach (var (kind, groupSize) in Kinds)
        {
            var reference = new QuantizedReference(kind, 20, Depth(kind, groupSize, 1), groupSize, 3);
            foreach (var strange in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
            {
                using var a = NativeFloats.Random(3 * reference.K, 5);
                a.Span[reference.K + 7] = strange;
                using var c = Run(rung, reference, a.Pointer, 3, min: -1000, max: 1000);
                for (var i = 0; i < c.Count; i++)
                {
                    Assert.Equal(i / 20 == 1, float.IsNaN(c.Span[i]));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Results_are_clamped_and_the_bias_may_be_absent(string name)
    {
        var rung = Rungs.Use(name);
        foreach (var (kind, groupSize) in Kinds)
        {
            var reference = new QuantizedReference(kind, 37, Depth(kind, groupSize, 2), groupSize, 3);
            using var a = NativeFloats.Random(4 * reference.K, 5);
            using var free = Run(rung, reference, a.Pointer, 4, hasBias: false);
            using var bounded = Run(rung, reference, a.Pointer, 4, hasBias: false, min: -0.5f, max: 2);
            var (expected, magnitudes) = reference.Multiply(a.Pointer, 4, 1, hasBias: false);
            for (var i = 0; i < free.Count; i++)
            {
                Assert.Equal(Math.Clamp(free.Span[i], -0.5f, 2), bounded.Span[i]);
                Assert.InRange(free.Span[i], expected[i] - (magnitudes[i] * 1e-6), expected[i] + (magnitudes[i] * 1e-6));
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Many_rows_and_columns_on_several_threads_and_rows_that_share_a_scale_are_right(string name)
    {
        var rung = Rungs.Use(name);
        var pool = new TestPool(3);
        foreach (var (kind, groupSize) in Kinds)
        {
            var reference = new QuantizedReference(kind, 200, Depth(kind, groupSize, 9), groupSize, 3);
            Check(rung, reference, 404, pool: pool);
            Check(rung, reference, 404, pool: pool, rowsPerScale: 4);
        }

        Assert.True(pool.RunCount > 0);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Several_products_of_the_same_rows_are_those_of_each(string name)
    {
        var rung = Rungs.Use(name);
        QuantizedReference[] references =
        [
            new(QuantizedWeightKind.Int4Block32, 33, 64, 32, 1), new(QuantizedWeightKind.Int8Channel, 5, 64, 0, 2),
            new(QuantizedWeightKind.Int4Channel, 70, 64, 0, 3), new(QuantizedWeightKind.Int4Group, 16, 64, 64, 4),
        ];
        foreach (var m in new[] { 1, 9 })
        {
            using var a = NativeFloats.Random(m * 64, 5);
            var results = references.Select(reference => new NativeFloats(m * reference.N)).ToArray();
            var products = references.Select((reference, i) => new QuantizedProduct
            {
                Weights = reference.Pack(rung),
                C = results[i].Pointer,
                CStride = reference.N,
                Min = float.NegativeInfinity,
                Max = float.PositiveInfinity,
            }).ToArray();
            var scratch = (byte*)NativeMemory.AlignedAlloc((nuint)QuantizedGemmJob.GetScratchBytes(64, m), 64);
            new QuantizedGemmJob(rung, products).Run(new TestPool(2), a.Pointer, m, 1, scratch);
            NativeMemory.AlignedFree(scratch);
            for (var i = 0; i < references.Length; i++)
            {
                AssertClose(references[i], a.Pointer, m, 1, results[i]);
                results[i].Dispose();
                products[i].Weights.Dispose();
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Packing_in_parallel_gives_the_same_bytes(string name)
    {
        var rung = Rungs.Use(name);
        foreach (var (kind, groupSize) in Kinds)
        {
            var reference = new QuantizedReference(kind, 500, kind == QuantizedWeightKind.Int8Channel ? 700 : 3 * Math.Max(groupSize, 64) * 8, groupSize, 3);
            using var alone = reference.Pack(rung);
            using var parallel = reference.Pack(rung, pool: new TestPool(3));
            var (count, columns) = ((int)(alone.PanelCount * alone.PanelBytes), alone.PanelCount * alone.Width * 4);
            Assert.True(new ReadOnlySpan<byte>(alone.Streams, count).SequenceEqual(new ReadOnlySpan<byte>(parallel.Streams, count)));
            Assert.True(new ReadOnlySpan<byte>(alone.ColumnSums, columns).SequenceEqual(new ReadOnlySpan<byte>(parallel.ColumnSums, columns)));
        }
    }

    private static int Depth(QuantizedWeightKind kind, int groupSize, int seed) => kind switch
    {
        QuantizedWeightKind.Int4Channel or QuantizedWeightKind.Int8Channel => 37 + seed,
        _ => groupSize * ((seed % 3) + 1),
    };

    private static void Check(
        InstructionSet rung, QuantizedReference reference, int m, Func<int, float>? row = null, TestPool? pool = null, int rowsPerScale = 1)
    {
        using var a = NativeFloats.Random(m * reference.K, m + reference.N);
        for (var i = 0; row is not null && i < a.Count; i++)
        {
            a.Span[i] = row(i);
        }

        using var c = Run(rung, reference, a.Pointer, m, pool, rowsPerScale);
        AssertClose(reference, a.Pointer, m, rowsPerScale, c);
    }

    private static NativeFloats Run(
        InstructionSet rung, QuantizedReference reference, float* a, int m, TestPool? pool = null, int rowsPerScale = 1, bool hasBias = true,
        float min = float.NegativeInfinity, float max = float.PositiveInfinity)
    {
        using var weights = reference.Pack(rung, hasBias);
        var c = new NativeFloats(m * reference.N);
        var job = new QuantizedGemmJob(
            rung, [new QuantizedProduct { Weights = weights, C = c.Pointer, CStride = reference.N, Min = min, Max = max }]);
        var scratch = (byte*)NativeMemory.AlignedAlloc((nuint)QuantizedGemmJob.GetScratchBytes(reference.K, m), 64);
        job.Run(pool, a, m, rowsPerScale, scratch);
        NativeMemory.AlignedFree(scratch);
        return c;
    }

    private static void AssertClose(QuantizedReference reference, float* a, int m, int rowsPerScale, NativeFloats c)
    {
        var (expected, magnitudes) = reference.Multiply(a, m, rowsPerScale);
        for (var i = 0; i < c.Count; i++)
        {
            // Blocks are summed up in integers; what rounds is the sum over blocks.
            if (!(Math.Abs(c.Span[i] - expected[i]) <= magnitudes[i] * 1e-6))
            {
                Assert.Fail($"{reference.Kind} M {m} N {reference.N} K {reference.K}: row {i / reference.N}, column {i % reference.N}: "
                    + $"{c.Span[i]} is not {expected[i]}");
            }
        }
    }
}
