using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Sums of a depthwise convolution over columns whose kernel rows lie together, four bytes to a lane.</summary>
internal static unsafe class Int8Depthwise<TSimd, V, F>
    where TSimd : struct, IByteSimd<V, F>
    where V : unmanaged
    where F : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row(Int8DepthwiseArguments* t)
    {
        for (nint lane = 0; lane < 64; lane += TSimd.Width * 4)
        {
            var columns = t->Columns + lane;
            var sums = t->Sums + (lane / 4);
            var step = t->Step;
            nint x = 0;
            for (; x + 4 <= t->OutputWidth; x += 4, columns += 4 * step, sums += 64)
            {
                V s0 = TSimd.Zero, s1 = TSimd.Zero, s2 = TSimd.Zero, s3 = TSimd.Zero;
                var weights = t->Weights + lane;
                for (nint group = 0; group < t->RowGroups; group++)
                {
                    var source = columns + (group * t->GroupStride);
                    for (var k = t->KernelWidth; k > 0; k--, source += t->Dilation, weights += 64)
                    {
                        var w = TSimd.Load(weights);
                        s0 = TSimd.MultiplyAddBytes(s0, TSimd.Load(source), w);
                        s1 = TSimd.MultiplyAddBytes(s1, TSimd.Load(source + step), w);
                        s2 = TSimd.MultiplyAddBytes(s2, TSimd.Load(source + (2 * step)), w);
                        s3 = TSimd.MultiplyAddBytes(s3, TSimd.Load(source + (3 * step)), w);
                    }
                }

                TSimd.Store(sums, s0);
                TSimd.Store(sums + 16, s1);
                TSimd.Store(sums + 32, s2);
                TSimd.Store(sums + 48, s3);
            }

            for (; x < t->OutputWidth; x++, columns += step, sums += 16)
            {
                var sum = TSimd.Zero;
                var weights = t->Weights + lane;
                for (nint group = 0; group < t->RowGroups; group++)
                {
                    var source = columns + (group * t->GroupStride);
                    for (var k = t->KernelWidth; k > 0; k--, source += t->Dilation, weights += 64)
                    {
                        sum = TSimd.MultiplyAddBytes(sum, TSimd.Load(source), TSimd.Load(weights));
                    }
                }

                TSimd.Store(sums, sum);
            }
        }
    }
}
