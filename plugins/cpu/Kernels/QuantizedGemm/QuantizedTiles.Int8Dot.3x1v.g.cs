// Written by QuantizedTilesGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class QuantizedTiles<TByte, V, TSimd, F>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Int8DotTile3x1(QuantizedTileArguments* t)
    {
        var a0 = t->Rows;
        var a1 = a0 + t->RowStride;
        var a2 = a1 + t->RowStride;
        var w = t->Weights;
        var step = t->BlockStep;
        var c00 = TByte.Zero;
        var c10 = TByte.Zero;
        var c20 = TByte.Zero;
        for (var n = t->BlocksPerGroup; n > 0; n--)
        {
            {
                var w0 = TByte.Load(w);
                var x = TByte.Broadcast(a0);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                x = TByte.Broadcast(a1);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                x = TByte.Broadcast(a2);
                c20 = TByte.MultiplyAddBytes(c20, w0, x);
            }

            {
                var w0 = TByte.Load(w + (4 * TByte.Width));
                var x = TByte.Broadcast(a0 + 4);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                x = TByte.Broadcast(a1 + 4);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                x = TByte.Broadcast(a2 + 4);
                c20 = TByte.MultiplyAddBytes(c20, w0, x);
            }

            {
                var w0 = TByte.Load(w + (8 * TByte.Width));
                var x = TByte.Broadcast(a0 + 8);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                x = TByte.Broadcast(a1 + 8);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                x = TByte.Broadcast(a2 + 8);
                c20 = TByte.MultiplyAddBytes(c20, w0, x);
            }

            {
                var w0 = TByte.Load(w + (12 * TByte.Width));
                var x = TByte.Broadcast(a0 + 12);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                x = TByte.Broadcast(a1 + 12);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                x = TByte.Broadcast(a2 + 12);
                c20 = TByte.MultiplyAddBytes(c20, w0, x);
            }

            {
                var w0 = TByte.Load(w + (16 * TByte.Width));
                var x = TByte.Broadcast(a0 + 16);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                x = TByte.Broadcast(a1 + 16);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                x = TByte.Broadcast(a2 + 16);
                c20 = TByte.MultiplyAddBytes(c20, w0, x);
            }

            {
                var w0 = TByte.Load(w + (20 * TByte.Width));
                var x = TByte.Broadcast(a0 + 20);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                x = TByte.Broadcast(a1 + 20);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                x = TByte.Broadcast(a2 + 20);
                c20 = TByte.MultiplyAddBytes(c20, w0, x);
            }

            {
                var w0 = TByte.Load(w + (24 * TByte.Width));
                var x = TByte.Broadcast(a0 + 24);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                x = TByte.Broadcast(a1 + 24);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                x = TByte.Broadcast(a2 + 24);
                c20 = TByte.MultiplyAddBytes(c20, w0, x);
            }

            {
                var w0 = TByte.Load(w + (28 * TByte.Width));
                var x = TByte.Broadcast(a0 + 28);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
                x = TByte.Broadcast(a1 + 28);
                c10 = TByte.MultiplyAddBytes(c10, w0, x);
                x = TByte.Broadcast(a2 + 28);
                c20 = TByte.MultiplyAddBytes(c20, w0, x);
            }

            w += step;
            a0 += BlockBytes;
            a1 += BlockBytes;
            a2 += BlockBytes;
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
        var offset = TByte.Set(-TByte.ByteOffset * p[0].Sum);
        var f00 = TByte.ToFloat(TByte.Add(TByte.Add(c00, offset), TByte.Multiply(u0, zero)));
        f00 = TSimd.MultiplyAdd(TSimd.Multiply(f00, scale), s0, b0);
        zero = TByte.Set(-p[1].ZeroPoint);
        scale = TSimd.Broadcast(p[1].InverseScale);
        offset = TByte.Set(-TByte.ByteOffset * p[1].Sum);
        var f10 = TByte.ToFloat(TByte.Add(TByte.Add(c10, offset), TByte.Multiply(u0, zero)));
        f10 = TSimd.MultiplyAdd(TSimd.Multiply(f10, scale), s0, b0);
        zero = TByte.Set(-p[2].ZeroPoint);
        scale = TSimd.Broadcast(p[2].InverseScale);
        offset = TByte.Set(-TByte.ByteOffset * p[2].Sum);
        var f20 = TByte.ToFloat(TByte.Add(TByte.Add(c20, offset), TByte.Multiply(u0, zero)));
        f20 = TSimd.MultiplyAdd(TSimd.Multiply(f20, scale), s0, b0);
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
