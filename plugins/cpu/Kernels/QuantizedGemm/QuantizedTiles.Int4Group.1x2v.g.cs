// Written by QuantizedTilesGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class QuantizedTiles<TByte, V, TSimd, F>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Int4GroupTile1x2(QuantizedTileArguments* t)
    {
        var a0 = t->Rows;
        var w = t->Weights;
        var s = t->Scales;
        var sums = t->Sums;
        for (var n = t->GroupCount; n > 0; n--)
        {
            var c00 = TByte.Zero;
            var c01 = TByte.Zero;
            var b = w;
            var step = t->BlockStep;
            for (var m = t->BlocksPerGroup; m > 0; m--)
            {
                var d00 = TByte.Broadcast(a0 + 32);
                var d01 = d00;
                {
                    var r0 = TByte.Load(b);
                    var l0 = TByte.LowNibbles(r0);
                    var r1 = TByte.Load(b + (16 * TByte.Width));
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
                    var r0 = TByte.Load(b + (4 * TByte.Width));
                    var l0 = TByte.LowNibbles(r0);
                    var r1 = TByte.Load(b + (20 * TByte.Width));
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
                    var r0 = TByte.Load(b + (8 * TByte.Width));
                    var l0 = TByte.LowNibbles(r0);
                    var r1 = TByte.Load(b + (24 * TByte.Width));
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
                    var r0 = TByte.Load(b + (12 * TByte.Width));
                    var l0 = TByte.LowNibbles(r0);
                    var r1 = TByte.Load(b + (28 * TByte.Width));
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

                c00 = TByte.Add(c00, TByte.Fold(d00));
                c01 = TByte.Add(c01, TByte.Fold(d01));
                b += step;
                a0 += BlockBytes;
            }

            var s0 = TByte.LoadBFloat16(s);
            var s1 = TByte.LoadBFloat16(s + (2 * TByte.Width));
            TSimd.Store(sums, TSimd.MultiplyAdd(TByte.ToFloat(c00), s0, TSimd.Load(sums)));
            TSimd.Store(sums + TByte.Width, TSimd.MultiplyAdd(TByte.ToFloat(c01), s1, TSimd.Load(sums + TByte.Width)));
            w += t->GroupStep;
            s += t->GroupStep;
        }

        var f00 = TSimd.Load(sums);
        var f01 = TSimd.Load(sums + TByte.Width);
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
