// Written by QuantizedTilesGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class QuantizedTiles<TByte, V, TSimd, F>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Int4GroupTile3x1(QuantizedTileArguments* t)
    {
        var a0 = t->Rows;
        var a1 = a0 + t->RowStride;
        var a2 = a1 + t->RowStride;
        var w = t->Weights;
        var s = t->Scales;
        var sums = t->Sums;
        for (var n = t->GroupCount; n > 0; n--)
        {
            var c00 = TByte.Zero;
            var c10 = TByte.Zero;
            var c20 = TByte.Zero;
            var b = w;
            var step = t->BlockStep;
            for (var m = t->BlocksPerGroup; m > 0; m--)
            {
                var d00 = TByte.Broadcast(a0 + 32);
                var d10 = TByte.Broadcast(a1 + 32);
                var d20 = TByte.Broadcast(a2 + 32);
                {
                    var r0 = TByte.Load(b);
                    var l0 = TByte.LowNibbles(r0);
                    var x = TByte.Broadcast(a0);
                    d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                    x = TByte.Broadcast(a1);
                    d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                    x = TByte.Broadcast(a2);
                    d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                    l0 = TByte.HighNibbles(r0);
                    x = TByte.Broadcast(a0 + 4);
                    d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                    x = TByte.Broadcast(a1 + 4);
                    d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                    x = TByte.Broadcast(a2 + 4);
                    d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                }

                {
                    var r0 = TByte.Load(b + (4 * TByte.Width));
                    var l0 = TByte.LowNibbles(r0);
                    var x = TByte.Broadcast(a0 + 8);
                    d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                    x = TByte.Broadcast(a1 + 8);
                    d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                    x = TByte.Broadcast(a2 + 8);
                    d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                    l0 = TByte.HighNibbles(r0);
                    x = TByte.Broadcast(a0 + 12);
                    d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                    x = TByte.Broadcast(a1 + 12);
                    d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                    x = TByte.Broadcast(a2 + 12);
                    d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                }

                {
                    var r0 = TByte.Load(b + (8 * TByte.Width));
                    var l0 = TByte.LowNibbles(r0);
                    var x = TByte.Broadcast(a0 + 16);
                    d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                    x = TByte.Broadcast(a1 + 16);
                    d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                    x = TByte.Broadcast(a2 + 16);
                    d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                    l0 = TByte.HighNibbles(r0);
                    x = TByte.Broadcast(a0 + 20);
                    d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                    x = TByte.Broadcast(a1 + 20);
                    d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                    x = TByte.Broadcast(a2 + 20);
                    d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                }

                {
                    var r0 = TByte.Load(b + (12 * TByte.Width));
                    var l0 = TByte.LowNibbles(r0);
                    var x = TByte.Broadcast(a0 + 24);
                    d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                    x = TByte.Broadcast(a1 + 24);
                    d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                    x = TByte.Broadcast(a2 + 24);
                    d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                    l0 = TByte.HighNibbles(r0);
                    x = TByte.Broadcast(a0 + 28);
                    d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                    x = TByte.Broadcast(a1 + 28);
                    d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                    x = TByte.Broadcast(a2 + 28);
                    d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                }

                c00 = TByte.Add(c00, TByte.Fold(d00));
                c10 = TByte.Add(c10, TByte.Fold(d10));
                c20 = TByte.Add(c20, TByte.Fold(d20));
                b += step;
                a0 += BlockBytes;
                a1 += BlockBytes;
                a2 += BlockBytes;
            }

            var s0 = TByte.LoadBFloat16(s);
            TSimd.Store(sums, TSimd.MultiplyAdd(TByte.ToFloat(c00), s0, TSimd.Load(sums)));
            TSimd.Store(sums + TByte.Width, TSimd.MultiplyAdd(TByte.ToFloat(c10), s0, TSimd.Load(sums + TByte.Width)));
            TSimd.Store(sums + (2 * TByte.Width), TSimd.MultiplyAdd(TByte.ToFloat(c20), s0, TSimd.Load(sums + (2 * TByte.Width))));
            w += t->GroupStep;
            s += t->GroupStep;
        }

        var f00 = TSimd.Load(sums);
        var f10 = TSimd.Load(sums + TByte.Width);
        var f20 = TSimd.Load(sums + (2 * TByte.Width));
        var p = t->Parameters;
        var columnSums = (float*)t->ColumnSums;
        var bias = t->Bias;
        var u0 = TSimd.Load(columnSums);
        var b0 = TSimd.Load(bias);
        var zero = TSimd.Broadcast(-p[0].ZeroPoint);
        var scale = TSimd.Broadcast(p[0].InverseScale);
        f00 = TSimd.MultiplyAdd(TSimd.MultiplyAdd(u0, zero, f00), scale, b0);
        zero = TSimd.Broadcast(-p[1].ZeroPoint);
        scale = TSimd.Broadcast(p[1].InverseScale);
        f10 = TSimd.MultiplyAdd(TSimd.MultiplyAdd(u0, zero, f10), scale, b0);
        zero = TSimd.Broadcast(-p[2].ZeroPoint);
        scale = TSimd.Broadcast(p[2].InverseScale);
        f20 = TSimd.MultiplyAdd(TSimd.MultiplyAdd(u0, zero, f20), scale, b0);
        if (t->IsBounded)
        {
            var low = TSimd.Broadcast(t->Min);
            var high = TSimd.Broadcast(t->Max);
            f00 = TSimd.Clamp(f00, low, high);
            f10 = TSimd.Clamp(f10, low, high);
            f20 = TSimd.Clamp(f20, low, high);
        }

        var o = t->C;
        var lanes = t->LastLanes;
        if (lanes == TByte.Width)
        {
            TSimd.Store(o, f00);
            o += t->CStride;
            TSimd.Store(o, f10);
            o += t->CStride;
            TSimd.Store(o, f20);
        }
        else
        {
            TSimd.StorePartial(o, f00, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, f10, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, f20, lanes);
        }
    }
}
