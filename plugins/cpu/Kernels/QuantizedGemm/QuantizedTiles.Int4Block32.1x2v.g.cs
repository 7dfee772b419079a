// Written by QuantizedTilesGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class QuantizedTiles<TByte, V, TSimd, F>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Int4Block32Tile1x2(QuantizedTileArguments* t)
    {
        var a0 = t->Rows;
        var w = t->Weights;
        var s = t->Scales;
        var step = t->GroupStep;
        var f00 = TSimd.Zero;
        var f01 = TSimd.Zero;
        for (var n = t->GroupCount; n > 0; n--)
        {
            TByte.Prefetch(w + PrefetchDistance);
            TByte.Prefetch(w + PrefetchDistance + (4 * TByte.Width));
            TByte.Prefetch(w + PrefetchDistance + (8 * TByte.Width));
            TByte.Prefetch(w + PrefetchDistance + (12 * TByte.Width));
            TByte.Prefetch(w + PrefetchDistance + (16 * TByte.Width));
            TByte.Prefetch(w + PrefetchDistance + (20 * TByte.Width));
            TByte.Prefetch(w + PrefetchDistance + (24 * TByte.Width));
            TByte.Prefetch(w + PrefetchDistance + (28 * TByte.Width));
            var d00 = TByte.Broadcast(a0 + 32);
            var d01 = d00;
            {
                var r0 = TByte.Load(w);
                var l0 = TByte.LowNibbles(r0);
                var r1 = TByte.Load(w + (16 * TByte.Width));
                var l1 = TByte.LowNibbles(r1);
                var x = TByte.Broadcast(a0);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
                l0 = TByte.HighNibbles(r0);
                l1 = TByte.HighNibbles(r1);
                x = TByte.Broadcast(a0 + 4);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
            }

            {
                var r0 = TByte.Load(w + (4 * TByte.Width));
                var l0 = TByte.LowNibbles(r0);
                var r1 = TByte.Load(w + (20 * TByte.Width));
                var l1 = TByte.LowNibbles(r1);
                var x = TByte.Broadcast(a0 + 8);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
                l0 = TByte.HighNibbles(r0);
                l1 = TByte.HighNibbles(r1);
                x = TByte.Broadcast(a0 + 12);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
            }

            {
                var r0 = TByte.Load(w + (8 * TByte.Width));
                var l0 = TByte.LowNibbles(r0);
                var r1 = TByte.Load(w + (24 * TByte.Width));
                var l1 = TByte.LowNibbles(r1);
                var x = TByte.Broadcast(a0 + 16);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
                l0 = TByte.HighNibbles(r0);
                l1 = TByte.HighNibbles(r1);
                x = TByte.Broadcast(a0 + 20);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
            }

            {
                var r0 = TByte.Load(w + (12 * TByte.Width));
                var l0 = TByte.LowNibbles(r0);
                var r1 = TByte.Load(w + (28 * TByte.Width));
                var l1 = TByte.LowNibbles(r1);
                var x = TByte.Broadcast(a0 + 24);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
                l0 = TByte.HighNibbles(r0);
                l1 = TByte.HighNibbles(r1);
                x = TByte.Broadcast(a0 + 28);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
            }

            var s0 = TByte.LoadBFloat16(s);
            var s1 = TByte.LoadBFloat16(s + (2 * TByte.Width));
            f00 = TSimd.MultiplyAdd(TByte.ToFloat(TByte.Fold(d00)), s0, f00);
            f01 = TSimd.MultiplyAdd(TByte.ToFloat(TByte.Fold(d01)), s1, f01);
            w += step;
            s += step;
            a0 += BlockBytes;
        }

        var p = t->Parameters;
        var columnSums = (float*)t->ColumnSums;
        var bias = t->Bias;
        var u0 = TSimd.Load(columnSums);
        var b0 = TSimd.Load(bias);
        var u1 = TSimd.Load(columnSums + TByte.Width);
        var b1 = TSimd.Load(bias + TByte.Width);
        var zero = TSimd.Broadcast(-p[0].ZeroPoint);
        var scale = TSimd.Broadcast(p[0].InverseScale);
        f00 = TSimd.MultiplyAdd(TSimd.MultiplyAdd(u0, zero, f00), scale, b0);
        f01 = TSimd.MultiplyAdd(TSimd.MultiplyAdd(u1, zero, f01), scale, b1);
        if (t->IsBounded)
        {
            var low = TSimd.Broadcast(t->Min);
            var high = TSimd.Broadcast(t->Max);
            f00 = TSimd.Clamp(f00, low, high);
            f01 = TSimd.Clamp(f01, low, high);
        }

        var o = t->C;
        TSimd.Store(o, f00);

        o = t->C + TByte.Width;
        var lanes = t->LastLanes;
        if (lanes == TByte.Width)
        {
            TSimd.Store(o, f01);
        }
        else
        {
            TSimd.StorePartial(o, f01, lanes);
        }
    }
}
