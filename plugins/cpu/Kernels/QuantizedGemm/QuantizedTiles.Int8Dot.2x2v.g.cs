// Written by QuantizedTilesGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class QuantizedTiles<TByte, V, TSimd, F>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Int8DotTile2x2(QuantizedTileArguments* t)
    {
        var a0 = t->Rows;
        var a1 = a0 + t->RowStride;
        var w = t->Weights;
        var step = t->BlockStep;
        var c00 = TByte.Zero;
        var c01 = TByte.Zero;
        var c10 = TByte.Zero;
        var c11 = TByte.Zero;
        for (var n = t->BlocksPerGroup; n > 0; n--)
        {
            {
                var w0 = TByte.Load(w);
                var w1 = TByte.Load(w + (32 * TByte.Width));
                var x = TByte.Broadcast(a0);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                c01 = TByte.MultiplyAddBytes(c01, w1, x);
                x = TByte.Broadcast(a1);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                c11 = TByte.MultiplyAddBytes(c11, w1, x);
            }

            {
                var w0 = TByte.Load(w + (4 * TByte.Width));
                var w1 = TByte.Load(w + (36 * TByte.Width));
                var x = TByte.Broadcast(a0 + 4);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                c01 = TByte.MultiplyAddBytes(c01, w1, x);
                x = TByte.Broadcast(a1 + 4);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                c11 = TByte.MultiplyAddBytes(c11, w1, x);
            }

            {
                var w0 = TByte.Load(w + (8 * TByte.Width));
                var w1 = TByte.Load(w + (40 * TByte.Width));
                var x = TByte.Broadcast(a0 + 8);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                c01 = TByte.MultiplyAddBytes(c01, w1, x);
                x = TByte.Broadcast(a1 + 8);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                c11 = TByte.MultiplyAddBytes(c11, w1, x);
            }

            {
                var w0 = TByte.Load(w + (12 * TByte.Width));
                var w1 = TByte.Load(w + (44 * TByte.Width));
                var x = TByte.Broadcast(a0 + 12);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                c01 = TByte.MultiplyAddBytes(c01, w1, x);
                x = TByte.Broadcast(a1 + 12);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                c11 = TByte.MultiplyAddBytes(c11, w1, x);
            }

            {
                var w0 = TByte.Load(w + (16 * TByte.Width));
                var w1 = TByte.Load(w + (48 * TByte.Width));
                var x = TByte.Broadcast(a0 + 16);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                c01 = TByte.MultiplyAddBytes(c01, w1, x);
                x = TByte.Broadcast(a1 + 16);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                c11 = TByte.MultiplyAddBytes(c11, w1, x);
            }

            {
                var w0 = TByte.Load(w + (20 * TByte.Width));
                var w1 = TByte.Load(w + (52 * TByte.Width));
                var x = TByte.Broadcast(a0 + 20);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                c01 = TByte.MultiplyAddBytes(c01, w1, x);
                x = TByte.Broadcast(a1 + 20);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                c11 = TByte.MultiplyAddBytes(c11, w1, x);
            }

            {
                var w0 = TByte.Load(w + (24 * TByte.Width));
                var w1 = TByte.Load(w + (56 * TByte.Width));
                var x = TByte.Broadcast(a0 + 24);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                c01 = TByte.MultiplyAddBytes(c01, w1, x);
                x = TByte.Broadcast(a1 + 24);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                c11 = TByte.MultiplyAddBytes(c11, w1, x);
            }

            {
                var w0 = TByte.Load(w + (28 * TByte.Width));
                var w1 = TByte.Load(w + (60 * TByte.Width));
                var x = TByte.Broadcast(a0 + 28);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                c01 = TByte.MultiplyAddBytes(c01, w1, x);
                x = TByte.Broadcast(a1 + 28);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                c11 = TByte.MultiplyAddBytes(c11, w1, x);
            }

            w += step;
            a0 += BlockBytes;
            a1 += BlockBytes;
        }

        var p = t->Parameters;
        var columnSums = t->ColumnSums;
        var bias = t->Bias;
        var scales = t->ChannelScales;
        var u0 = TByte.Load(columnSums);
        var b0 = TSimd.Load(bias);
        var s0 = TSimd.Load(scales);
        var u1 = TByte.Load(columnSums + (4 * TByte.Width));
        var b1 = TSimd.Load(bias + TByte.Width);
        var s1 = TSimd.Load(scales + TByte.Width);
        var zero = TByte.Set(-p[0].ZeroPoint);
        var scale = TSimd.Broadcast(p[0].InverseScale);
        var offset = TByte.Set(-TByte.ByteOffset * p[0].Sum);
        var f00 = TByte.ToFloat(TByte.Add(TByte.Add(c00, offset), TByte.Multiply(u0, zero)));
        f00 = TSimd.MultiplyAdd(TSimd.Multiply(f00, scale), s0, b0);
        var f01 = TByte.ToFloat(TByte.Add(TByte.Add(c01, offset), TByte.Multiply(u1, zero)));
        f01 = TSimd.MultiplyAdd(TSimd.Multiply(f01, scale), s1, b1);
        zero = TByte.Set(-p[1].ZeroPoint);
        scale = TSimd.Broadcast(p[1].InverseScale);
        offset = TByte.Set(-TByte.ByteOffset * p[1].Sum);
        var f10 = TByte.ToFloat(TByte.Add(TByte.Add(c10, offset), TByte.Multiply(u0, zero)));
        f10 = TSimd.MultiplyAdd(TSimd.Multiply(f10, scale), s0, b0);
        var f11 = TByte.ToFloat(TByte.Add(TByte.Add(c11, offset), TByte.Multiply(u1, zero)));
        f11 = TSimd.MultiplyAdd(TSimd.Multiply(f11, scale), s1, b1);
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
