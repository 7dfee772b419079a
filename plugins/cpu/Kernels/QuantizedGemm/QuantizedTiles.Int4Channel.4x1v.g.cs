// Written by QuantizedTilesGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class QuantizedTiles<TByte, V, TSimd, F>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Int4ChannelTile4x1(QuantizedTileArguments* t)
    {
        var a0 = t->Rows;
        var a1 = a0 + t->RowStride;
        var a2 = a1 + t->RowStride;
        var a3 = a2 + t->RowStride;
        var w = t->Weights;
        var step = t->BlockStep;
        var c00 = TByte.Zero;
        var c10 = TByte.Zero;
        var c20 = TByte.Zero;
        var c30 = TByte.Zero;
        for (var n = t->BlocksPerGroup; n > 0; n--)
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

            c00 = TByte.Add(c00, TByte.Fold(d00));
            c10 = TByte.Add(c10, TByte.Fold(d10));
            c20 = TByte.Add(c20, TByte.Fold(d20));
            c30 = TByte.Add(c30, TByte.Fold(d30));
            w += step;
            a0 += BlockBytes;
            a1 += BlockBytes;
            a2 += BlockBytes;
            a3 += BlockBytes;
        }

        var p = t->Parameters;
        var columnSums = t->ColumnSums;
        var bias = t->Bias;
        var scales = t->ChannelScales;
        var u0 = TByte.Load(columnSums);
        var b0 = TSimd.Load(bias);
        var s0 = TSimd.Load(scales);
        var zero = TByte.Set(-p[0].ZeroPoint);
        var scale = TSimd.Broadcast(p[0].InverseScale);
        var f00 = TByte.ToFloat(TByte.Add(c00, TByte.Multiply(u0, zero)));
        f00 = TSimd.MultiplyAdd(TSimd.Multiply(f00, scale), s0, b0);
        zero = TByte.Set(-p[1].ZeroPoint);
        scale = TSimd.Broadcast(p[1].InverseScale);
        var f10 = TByte.ToFloat(TByte.Add(c10, TByte.Multiply(u0, zero)));
        f10 = TSimd.MultiplyAdd(TSimd.Multiply(f10, scale), s0, b0);
        zero = TByte.Set(-p[2].ZeroPoint);
        scale = TSimd.Broadcast(p[2].InverseScale);
        var f20 = TByte.ToFloat(TByte.Add(c20, TByte.Multiply(u0, zero)));
        f20 = TSimd.MultiplyAdd(TSimd.Multiply(f20, scale), s0, b0);
        zero = TByte.Set(-p[3].ZeroPoint);
        scale = TSimd.Broadcast(p[3].InverseScale);
        var f30 = TByte.ToFloat(TByte.Add(c30, TByte.Multiply(u0, zero)));
        f30 = TSimd.MultiplyAdd(TSimd.Multiply(f30, scale), s0, b0);
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
