using System.Runtime.CompilerServices;
using Tandem.Plugins.Cpu.Kernels.MachineCode;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Up to four rows by panels of 16 columns, two registers of columns at a time.</summary>
internal static unsafe class Int8Tile<TSimd, V, F>
    where TSimd : struct, IByteSimd<V, F>
    where V : unmanaged
    where F : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(VnniTileArguments* t, int rows, int panels)
    {
        var columns = panels * 16;
        for (var column = 0; column < columns; column += 2 * TSimd.Width)
        {
            // The last register of an odd count is computed twice rather than by another kernel.
            var second = column + TSimd.Width < columns ? column + TSimd.Width : column;
            Registers(
                t, rows, (byte*)t->B + (column / 16 * t->PanelStride) + (column % 16 * 4), (byte*)t->B + (second / 16 * t->PanelStride) + (second % 16 * 4),
                t->Sums + column, t->Sums + second, columns);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Registers(VnniTileArguments* t, int rows, byte* w0, byte* w1, int* o0, int* o1, nint sumStride)
    {
        V c00 = TSimd.Zero, c01 = TSimd.Zero, c10 = TSimd.Zero, c11 = TSimd.Zero;
        V c20 = TSimd.Zero, c21 = TSimd.Zero, c30 = TSimd.Zero, c31 = TSimd.Zero;
        var length = t->SegmentLength;
        for (nint segment = 0; segment < t->SegmentCount; segment++)
        {
            var offset = t->Offsets[segment];
            var a0 = (byte*)t->Rows[0] + offset;
            var a1 = (byte*)t->Rows[rows > 1 ? 1 : 0] + offset;
            var a2 = (byte*)t->Rows[rows > 2 ? 2 : 0] + offset;
            var a3 = (byte*)t->Rows[rows > 3 ? 3 : 0] + offset;
            for (nint k = 0; k < length; k += 4)
            {
                var x0 = TSimd.Load(w0);
                var x1 = TSimd.Load(w1);
                w0 += 64;
                w1 += 64;
                if (TSimd.HasByteDot)
                {
                    var a = Prepare(TSimd.Broadcast(a0 + k));
                    c00 = Dot(c00, a, x0);
                    c01 = Dot(c01, a, x1);
                    a = Prepare(TSimd.Broadcast(a1 + k));
                    c10 = Dot(c10, a, x0);
                    c11 = Dot(c11, a, x1);
                    a = Prepare(TSimd.Broadcast(a2 + k));
                    c20 = Dot(c20, a, x0);
                    c21 = Dot(c21, a, x1);
                    a = Prepare(TSimd.Broadcast(a3 + k));
                    c30 = Dot(c30, a, x0);
                    c31 = Dot(c31, a, x1);
                }
                else
                {
                    var (e0, d0) = (TSimd.EvenBytes(x0), TSimd.OddBytes(x0));
                    var (e1, d1) = (TSimd.EvenBytes(x1), TSimd.OddBytes(x1));
                    var a = TSimd.Broadcast(a0 + k);
                    var (even, odd) = (TSimd.EvenBytes(a), TSimd.OddBytes(a));
                    c00 = TSimd.MultiplyAddPairs(TSimd.MultiplyAddPairs(c00, even, e0), odd, d0);
                    c01 = TSimd.MultiplyAddPairs(TSimd.MultiplyAddPairs(c01, even, e1), odd, d1);
                    a = TSimd.Broadcast(a1 + k);
                    (even, odd) = (TSimd.EvenBytes(a), TSimd.OddBytes(a));
                    c10 = TSimd.MultiplyAddPairs(TSimd.MultiplyAddPairs(c10, even, e0), odd, d0);
                    c11 = TSimd.MultiplyAddPairs(TSimd.MultiplyAddPairs(c11, even, e1), odd, d1);
                    a = TSimd.Broadcast(a2 + k);
                    (even, odd) = (TSimd.EvenBytes(a), TSimd.OddBytes(a));
                    c20 = TSimd.MultiplyAddPairs(TSimd.MultiplyAddPairs(c20, even, e0), odd, d0);
                    c21 = TSimd.MultiplyAddPairs(TSimd.MultiplyAddPairs(c21, even, e1), odd, d1);
                    a = TSimd.Broadcast(a3 + k);
                    (even, odd) = (TSimd.EvenBytes(a), TSimd.OddBytes(a));
                    c30 = TSimd.MultiplyAddPairs(TSimd.MultiplyAddPairs(c30, even, e0), odd, d0);
                    c31 = TSimd.MultiplyAddPairs(TSimd.MultiplyAddPairs(c31, even, e1), odd, d1);
                }
            }
        }

        TSimd.Store(o0, c00);
        TSimd.Store(o1, c01);
        if (rows > 1)
        {
            TSimd.Store(o0 + sumStride, c10);
            TSimd.Store(o1 + sumStride, c11);
        }

        if (rows > 2)
        {
            TSimd.Store(o0 + (2 * sumStride), c20);
            TSimd.Store(o1 + (2 * sumStride), c21);
        }

        if (rows > 3)
        {
            TSimd.Store(o0 + (3 * sumStride), c30);
            TSimd.Store(o1 + (3 * sumStride), c31);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Prepare(V bytes) => TSimd.ByteOffset == 0 ? bytes : TSimd.AddSigns(bytes);

    // The side that the instruction wants unsigned is the activations' here.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Dot(V sum, V activations, V weights) => TSimd.MultiplyAddBytes(sum, activations, weights);
}
