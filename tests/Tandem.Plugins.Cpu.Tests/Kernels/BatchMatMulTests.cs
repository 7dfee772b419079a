using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

public sealed unsafe class BatchMatMulTests
{
    public static TheoryData<string> All => Rungs.Float;

    [Theory]
    [MemberData(nameof(All))]
    public void Products_equal_a_double_product(string rung)
    {
        var isa = Rungs.Use(rung);
        var job = new BatchMatMulJob();
        var seed = 0;
        foreach (var m in (int[])[1, 2, 3, 7, 8, 20, 65])
        {
            foreach (var n in (int[])[1, 4, 15, 16, 17, 33, 64, 130])
            {
                foreach (var k in (int[])[0, 1, 5, 16, 31, 64])
                {
                    foreach (var isTransposed in (bool[])[false, true])
                    {
                        seed++;
                        Check(job, isa, m, n, k, isTransposed, seed, 1 + (seed % 3));
                    }
                }
            }
        }

        Check(job, isa, 128, 256, 32, false, 1, 4, 2);
        Check(job, isa, 128, 256, 32, true, 2, 4, 2);
        Check(job, isa, 128, 32, 1200, false, 3, 4, 2);
    }

    private static void Check(BatchMatMulJob job, InstructionSet isa, int m, int n, int k, bool isTransposed, int seed, int batch, int threads = 1)
    {
        var (bRows, bColumns) = isTransposed ? (n, k) : (k, n);
        var aStride = k + (seed % 3);
        var bStride = bColumns + (seed % 4);
        var cStride = n + (seed % 2);
        var aSize = m * aStride;
        var bSize = bRows * bStride;
        var broadcasts = seed % 5 == 0;
        using var a = NativeFloats.Random(batch * aSize, seed);
        using var b = NativeFloats.Random(batch * bSize, seed + 1);
        using var c = new NativeFloats(batch * m * cStride);
        using var scratch = new NativeFloats((int)(BatchMatMul.GetScratchBytes(isa, n, k, threads) / 4));
        var (min, max) = (seed & 4) != 0 ? (-0.7f, 0.9f) : (float.NegativeInfinity, float.PositiveInfinity);
        var offsets = new nint[batch];
        for (var i = 0; i < batch; i++)
        {
            offsets[i] = (batch - 1 - i) * (nint)bSize;
        }

        fixed (nint* bOffsets = offsets)
        {
            var arguments = new BatchMatMulArguments
            {
                A = a.Pointer,
                B = b.Pointer,
                C = c.Pointer,
                BatchCount = batch,
                BOffsets = broadcasts ? bOffsets : null,
                CBatchStride = m * cStride,
                M = m,
                N = n,
                K = k,
                AStride = aStride,
                BStride = bStride,
                CStride = cStride,
                IsBTransposed = isTransposed,
                Min = min,
                Max = max,
            };
            BatchMatMul.Run(threads == 1 ? null : new TestPool(threads), job, isa, arguments, scratch.Bytes);
        }

        for (var p = 0; p < batch; p++)
        {
            var start = broadcasts ? (batch - 1 - p) * bSize : p * bSize;
            for (var i = 0; i < m; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    double sum = 0;
                    for (var l = 0; l < k; l++)
                    {
                        sum += (double)a.Span[(p * aSize) + (i * aStride) + l] * b.Span[start + (isTransposed ? (j * bStride) + l : (l * bStride) + j)];
                    }

                    sum = Math.Clamp(sum, min, max);
                    var actual = c.Span[(p * m * cStride) + (i * cStride) + j];
                    Assert.True(Math.Abs(sum - actual) <= 2e-6 * Math.Max(8, Math.Sqrt(k) * 4), $"{isa} {m}x{n}x{k} {isTransposed} [{p},{i},{j}]: {sum} {actual}");
                }
            }
        }
    }
}
