// Written by QuantizedTilesGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class QuantizedTiles<TByte, V, TSimd, F>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Int4Block32Tile4x1(QuantizedTileArguments* t)
    {
        var a0 = t->Rows;
        var a1 = a0 + t->RowStride;
        var a2 = a1 + t->RowStride;
        var a3 = a2 + t->RowStride;
        var w = t->Weights;
        var s = t->Scales;
        var step = t->GroupStep;
        var f00 = TSimd.Zero;
        var f10 = TSimd.Zero;
        var f20 = TSimd.Zero;
        var f30 = TSimd.Zero;
        for (var n = t->GroupCount; n > 0; n--)
        {
            var d00 = TByte.Broadcast(a0 + 32);
            var d10 = TByte.Broadcast(a1 + 32);
            var d20 = TByte.Broadcast(a2 + 32);
            var d30 = TByte.Broadcast(a3 + 32);
            {
                var r0 = TByte.Load(w);
                var l0 = TByte.LowNibbles(r0);
                var x = TByte.Broadcast(a0);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                x = TByte.Broadcast(a1);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                x = TByte.Broadcast(a2);
                d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                x = TByte.Broadcast(a3);
                d30 = TByte.MultiplyAddNibbles(d30, l0, x);
                l0 = TByte.HighNibbles(r0);
                x = TByte.Broadcast(a0 + 4);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                x = TByte.Broadcast(a1 + 4);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                x = TByte.Broadcast(a2 + 4);
                d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                x = TByte.Broadcast(a3 + 4);
                d30 = TByte.MultiplyAddNibbles(d30, l0, x);
            }

            {
                var r0 = TByte.Load(w + (4 * TByte.Width));
                var l0 = TByte.LowNibbles(r0);
                var x = TByte.Broadcast(a0 + 8);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                x = TByte.Broadcast(a1 + 8);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                x = TByte.Broadcast(a2 + 8);
                d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                x = TByte.Broadcast(a3 + 8);
                d30 = TByte.MultiplyAddNibbles(d30, l0, x);
                l0 = TByte.HighNibbles(r0);
                x = TByte.Broadcast(a0 + 12);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                x = TByte.Broadcast(a1 + 12);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                x = TByte.Broadcast(a2 + 12);
                d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                x = TByte.Broadcast(a3 + 12);
                d30 = TByte.MultiplyAddNibbles(d30, l0, x);
            }

            {
                var r0 = TByte.Load(w + (8 * TByte.Width));
                var l0 = TByte.LowNibbles(r0);
                var x = TByte.Broadcast(a0 + 16);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                x = TByte.Broadcast(a1 + 16);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                x = TByte.Broadcast(a2 + 16);
                d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                x = TByte.Broadcast(a3 + 16);
                d30 = TByte.MultiplyAddNibbles(d30, l0, x);
                l0 = TByte.HighNibbles(r0);
                x = TByte.Broadcast(a0 + 20);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                x = TByte.Broadcast(a1 + 20);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                x = TByte.Broadcast(a2 + 20);
                d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                x = TByte.Broadcast(a3 + 20);
                d30 = TByte.MultiplyAddNibbles(d30, l0, x);
            }

            {
                var r0 = TByte.Load(w + (12 * TByte.Width));
                var l0 = TByte.LowNibbles(r0);
                var x = TByte.Broadcast(a0 + 24);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                x = TByte.Broadcast(a1 + 24);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                x = TByte.Broadcast(a2 + 24);
                d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                x = TByte.Broadcast(a3 + 24);
                d30 = TByte.MultiplyAddNibbles(d30, l0, x);
                l0 = TByte.HighNibbles(r0);
                x = TByte.Broadcast(a0 + 28);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                x = TByte.Broadcast(a1 + 28);
                d10 = TByte.MultiplyAddNibbles(d10, l0, x);
                x = TByte.Broadcast(a2 + 28);
                d20 = TByte.MultiplyAddNibbles(d20, l0, x);
                x = TByte.Broadcast(a3 + 28);
                d30 = TByte.MultiplyAddNibbles(d30, l0, x);
            }

            var s0 = TByte.LoadBFloat16(s);
            f00 = TSimd.MultiplyAdd(TByte.ToFloat(TByte.Fold(d00)), s0, f00);
            f10 = TSimd.MultiplyAdd(TByte.ToFloat(TByte.Fold(d10)), s0, f10);
            f20 = TSimd.MultiplyAdd(TByte.ToFloat(TByte.Fold(d20)), s0, f20);
            f30 = TSimd.MultiplyAdd(TByte.ToFloat(TByte.Fold(d30)), s0, f30);
            w += step;
            s += step;
            a0 += BlockBytes;
            a1 += BlockBytes;
            a2 += BlockBytes;
            a3 += BlockBytes;
        }

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
        zero = TSimd.Broadcast(-p[3].ZeroPoint);
        scale = TSimd.Broadcast(p[3].InverseScale);
        f30 = TSimd.MultiplyAdd(TSimd.MultiplyAdd(u0, zero, f30), scale, b0);
        if (t->IsBounded)
        {
            var low = TSimd.Broadcast(t->Min);
            var high = TSimd.Broadcast(t->Max);
            f00 = TSimd.Clamp(f00, low, high);
            f10 = TSimd.Clamp(f10, low, high);
            f20 = TSimd.Clamp(f20, low, high);
            f30 = TSimd.Clamp(f30, low, high);
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
            o += t->CStride;
            TSimd.Store(o, f30);
        }
        else
        {
            TSimd.StorePartial(o, f00, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, f10, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, f20, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, f30, lanes);
        }
    }
}
