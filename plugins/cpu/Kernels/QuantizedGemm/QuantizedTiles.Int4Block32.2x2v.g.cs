// Written by QuantizedTilesGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class QuantizedTiles<TByte, V, TSimd, F>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Int4Block32Tile2x2(QuantizedTileArguments* t)
    {
        var a0 = t->Rows;
        var a1 = a0 + t->RowStride;
        var w = t->Weights;
        var s = t->Scales;
        var step = t->GroupStep;
        var f00 = TSimd.Zero;
        var f01 = TSimd.Zero;
        var f10 = TSimd.Zero;
        var f11 = TSimd.Zero;
        for (var n = t->GroupCount; n > 0; n--)
        {
            var d00 = TByte.Broadcast(a0 + 32);
            var d01 = d00;
            var d10 = TByte.Broadcast(a1 + 32);
            var d11 = d10;
            {
                var r0 = TByte.Load(w);
                var l0 = TByte.LowNibbles(r0);
                var r1 = TByte.Load(w + (16 * TByte.Width));
                var l1 = TByte.LowNibbles(r1);
                var x = TByte.Broadcast(a0);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
                x = TByte.Broadcast(a1);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                d11 = TByte.MultiplyAddNibbles(d11, l1, x);
                l0 = TByte.HighNibbles(r0);
                l1 = TByte.HighNibbles(r1);
                x = TByte.Broadcast(a0 + 4);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
                x = TByte.Broadcast(a1 + 4);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                d11 = TByte.MultiplyAddNibbles(d11, l1, x);
            }

            {
                var r0 = TByte.Load(w + (4 * TByte.Width));
                var l0 = TByte.LowNibbles(r0);
                var r1 = TByte.Load(w + (20 * TByte.Width));
                var l1 = TByte.LowNibbles(r1);
                var x = TByte.Broadcast(a0 + 8);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
                x = TByte.Broadcast(a1 + 8);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                d11 = TByte.MultiplyAddNibbles(d11, l1, x);
                l0 = TByte.HighNibbles(r0);
                l1 = TByte.HighNibbles(r1);
                x = TByte.Broadcast(a0 + 12);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
                x = TByte.Broadcast(a1 + 12);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                d11 = TByte.MultiplyAddNibbles(d11, l1, x);
            }

            {
                var r0 = TByte.Load(w + (8 * TByte.Width));
                var l0 = TByte.LowNibbles(r0);
                var r1 = TByte.Load(w + (24 * TByte.Width));
                var l1 = TByte.LowNibbles(r1);
                var x = TByte.Broadcast(a0 + 16);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
                x = TByte.Broadcast(a1 + 16);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                d11 = TByte.MultiplyAddNibbles(d11, l1, x);
                l0 = TByte.HighNibbles(r0);
                l1 = TByte.HighNibbles(r1);
                x = TByte.Broadcast(a0 + 20);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
                x = TByte.Broadcast(a1 + 20);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                d11 = TByte.MultiplyAddNibbles(d11, l1, x);
            }

            {
                var r0 = TByte.Load(w + (12 * TByte.Width));
                var l0 = TByte.LowNibbles(r0);
                var r1 = TByte.Load(w + (28 * TByte.Width));
                var l1 = TByte.LowNibbles(r1);
                var x = TByte.Broadcast(a0 + 24);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
                x = TByte.Broadcast(a1 + 24);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                d11 = TByte.MultiplyAddNibbles(d11, l1, x);
                l0 = TByte.HighNibbles(r0);
                l1 = TByte.HighNibbles(r1);
                x = TByte.Broadcast(a0 + 28);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                d01 = TByte.MultiplyAddNibbles(d01, l1, x);
                x = TByte.Broadcast(a1 + 28);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                d11 = TByte.MultiplyAddNibbles(d11, l1, x);
            }

            var s0 = TByte.LoadBFloat16(s);
            var s1 = TByte.LoadBFloat16(s + (2 * TByte.Width));
            f00 = TSimd.MultiplyAdd(TByte.ToFloat(TByte.Fold(d00)), s0, f00);
            f01 = TSimd.MultiplyAdd(TByte.ToFloat(TByte.Fold(d01)), s1, f01);
            f10 = TSimd.MultiplyAdd(TByte.ToFloat(TByte.Fold(d10)), s0, f10);
            f11 = TSimd.MultiplyAdd(TByte.ToFloat(TByte.Fold(d11)), s1, f11);
            w += step;
            s += step;
            a0 += BlockBytes;
            a1 += BlockBytes;
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
        zero = TSimd.Broadcast(-p[1].ZeroPoint);
        scale = TSimd.Broadcast(p[1].InverseScale);
        f10 = TSimd.MultiplyAdd(TSimd.MultiplyAdd(u0, zero, f10), scale, b0);
        f11 = TSimd.MultiplyAdd(TSimd.MultiplyAdd(u1, zero, f11), scale, b1);
        if (t->IsBounded)
        {
            var low = TSimd.Broadcast(t->Min);
            var high = TSimd.Broadcast(t->Max);
            f00 = TSimd.Clamp(f00, low, high);
            f01 = TSimd.Clamp(f01, low, high);
            f10 = TSimd.Clamp(f10, low, high);
            f11 = TSimd.Clamp(f11, low, high);
        }

        var o = t->C;
        TSimd.Store(o, f00);
        o += t->CStride;
        TSimd.Store(o, f10);

        o = t->C + TByte.Width;
        var lanes = t->LastLanes;
        if (lanes == TByte.Width)
        {
            TSimd.Store(o, f01);
            o += t->CStride;
            TSimd.Store(o, f11);
        }
        else
        {
            TSimd.StorePartial(o, f01, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, f11, lanes);
        }
    }
}
