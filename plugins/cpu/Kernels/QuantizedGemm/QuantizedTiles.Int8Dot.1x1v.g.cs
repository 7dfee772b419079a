// Written by QuantizedTilesGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class QuantizedTiles<TByte, V, TSimd, F>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Int8DotTile1x1(QuantizedTileArguments* t)
    {
        var a0 = t->Rows;
        var w = t->Weights;
        var step = t->BlockStep;
        var c00 = TByte.Zero;
        for (var n = t->BlocksPerGroup; n > 0; n--)
        {
            TByte.Prefetch(w + PrefetchDistance);
            TByte.Prefetch(w + PrefetchDistance + (4 * TByte.Width));
            TByte.Prefetch(w + PrefetchDistance + (8 * TByte.Width));
            TByte.Prefetch(w + PrefetchDistance + (12 * TByte.Width));
            TByte.Prefetch(w + PrefetchDistance + (16 * TByte.Width));
            TByte.Prefetch(w + PrefetchDistance + (20 * TByte.Width));
            TByte.Prefetch(w + PrefetchDistance + (24 * TByte.Width));
            TByte.Prefetch(w + PrefetchDistance + (28 * TByte.Width));
            {
                var w0 = TByte.Load(w);
                var x = TByte.Broadcast(a0);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
            }

            {
                var w0 = TByte.Load(w + (4 * TByte.Width));
                var x = TByte.Broadcast(a0 + 4);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
            }

            {
                var w0 = TByte.Load(w + (8 * TByte.Width));
                var x = TByte.Broadcast(a0 + 8);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
            }

            {
                var w0 = TByte.Load(w + (12 * TByte.Width));
                var x = TByte.Broadcast(a0 + 12);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
            }

            {
                var w0 = TByte.Load(w + (16 * TByte.Width));
                var x = TByte.Broadcast(a0 + 16);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
            }

            {
                var w0 = TByte.Load(w + (20 * TByte.Width));
                var x = TByte.Broadcast(a0 + 20);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
            }

            {
                var w0 = TByte.Load(w + (24 * TByte.Width));
                var x = TByte.Broadcast(a0 + 24);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
            }

            {
                var w0 = TByte.Load(w + (28 * TByte.Width));
                var x = TByte.Broadcast(a0 + 28);
                c00 = TByte.MultiplyAddBytes(c00, w0, x);
            }

            w += step;
            a0 += BlockBytes;
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
        if (t->IsBounded)
        {
            var low = TSimd.Broadcast(t->Min);
            var high = TSimd.Broadcast(t->Max);
            f00 = TSimd.Clamp(f00, low, high);
        }

        var o = t->C;
        var lanes = t->LastLanes;
        if (lanes == TByte.Width)
        {
            TSimd.Store(o, f00);
        }
        else
        {
            TSimd.StorePartial(o, f00, lanes);
        }
    }
}
