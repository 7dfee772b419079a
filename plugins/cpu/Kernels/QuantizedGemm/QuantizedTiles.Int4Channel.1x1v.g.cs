// Written by QuantizedTilesGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class QuantizedTiles<TByte, V, TSimd, F>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Int4ChannelTile1x1(QuantizedTileArguments* t)
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
            var d00 = TByte.Broadcast(a0 + 32);
            {
                var r0 = TByte.Load(w);
                var l0 = TByte.LowNibbles(r0);
                var x = TByte.Broadcast(a0);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                l0 = TByte.HighNibbles(r0);
                x = TByte.Broadcast(a0 + 4);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
            }

            {
                var r0 = TByte.Load(w + (4 * TByte.Width));
                var l0 = TByte.LowNibbles(r0);
                var x = TByte.Broadcast(a0 + 8);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                l0 = TByte.HighNibbles(r0);
                x = TByte.Broadcast(a0 + 12);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
            }

            {
                var r0 = TByte.Load(w + (8 * TByte.Width));
                var l0 = TByte.LowNibbles(r0);
                var x = TByte.Broadcast(a0 + 16);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                l0 = TByte.HighNibbles(r0);
                x = TByte.Broadcast(a0 + 20);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
            }

            {
                var r0 = TByte.Load(w + (12 * TByte.Width));
                var l0 = TByte.LowNibbles(r0);
                var x = TByte.Broadcast(a0 + 24);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
                l0 = TByte.HighNibbles(r0);
                x = TByte.Broadcast(a0 + 28);
                d00 = TByte.MultiplyAddNibbles(d00, l0, x);
            }

            c00 = TByte.Add(c00, TByte.Fold(d00));
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
        var f00 = TByte.ToFloat(TByte.Add(c00, TByte.Multiply(u0, zero)));
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
