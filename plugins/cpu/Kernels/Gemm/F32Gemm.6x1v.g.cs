// Written by F32GemmGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class F32Gemm<TSimd, V>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile6x1(TileArguments* t)
    {
        var b0 = t->B;
        var bStep = t->BStep;
        V c00;
        V c10;
        V c20;
        V c30;
        V c40;
        V c50;
        if (t->Bias != null)
        {
            c00 = c10 = c20 = c30 = c40 = c50 = TSimd.Load(t->Bias);
        }
        else
        {
            var c = t->C;
            c00 = TSimd.LoadPartial(c, t->LastLanes);
            c += t->CStride;
            c10 = TSimd.LoadPartial(c, t->LastLanes);
            c += t->CStride;
            c20 = TSimd.LoadPartial(c, t->LastLanes);
            c += t->CStride;
            c30 = TSimd.LoadPartial(c, t->LastLanes);
            c += t->CStride;
            c40 = TSimd.LoadPartial(c, t->LastLanes);
            c += t->CStride;
            c50 = TSimd.LoadPartial(c, t->LastLanes);
        }

        var rows = t->Rows;
        var length = t->SegmentLength;
        for (nint s = 0; s < t->SegmentCount; s++)
        {
            var offset = t->Offsets[s];
            var a0 = rows[0] + offset;
            var a1 = rows[1] + offset;
            var a2 = rows[2] + offset;
            var a3 = rows[3] + offset;
            var a4 = rows[4] + offset;
            var a5 = rows[5] + offset;
            for (nint k = 0; k < length; k++)
            {
                var w0 = TSimd.Load(b0);
                var x = TSimd.Broadcast(a0[k]);
                c00 = TSimd.MultiplyAdd(x, w0, c00);
                x = TSimd.Broadcast(a1[k]);
                c10 = TSimd.MultiplyAdd(x, w0, c10);
                x = TSimd.Broadcast(a2[k]);
                c20 = TSimd.MultiplyAdd(x, w0, c20);
                x = TSimd.Broadcast(a3[k]);
                c30 = TSimd.MultiplyAdd(x, w0, c30);
                x = TSimd.Broadcast(a4[k]);
                c40 = TSimd.MultiplyAdd(x, w0, c40);
                x = TSimd.Broadcast(a5[k]);
                c50 = TSimd.MultiplyAdd(x, w0, c50);
                b0 += bStep;
            }
        }

        var low = TSimd.Broadcast(t->Min);
        var high = TSimd.Broadcast(t->Max);
        var o = t->C;
        var lanes = t->LastLanes;
        if (lanes == TSimd.Width)
        {
            TSimd.Store(o, TSimd.Clamp(c00, low, high));
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c10, low, high));
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c20, low, high));
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c30, low, high));
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c40, low, high));
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c50, low, high));
        }
        else
        {
            TSimd.StorePartial(o, TSimd.Clamp(c00, low, high), lanes);
            o += t->CStride;
            TSimd.StorePartial(o, TSimd.Clamp(c10, low, high), lanes);
            o += t->CStride;
            TSimd.StorePartial(o, TSimd.Clamp(c20, low, high), lanes);
            o += t->CStride;
            TSimd.StorePartial(o, TSimd.Clamp(c30, low, high), lanes);
            o += t->CStride;
            TSimd.StorePartial(o, TSimd.Clamp(c40, low, high), lanes);
            o += t->CStride;
            TSimd.StorePartial(o, TSimd.Clamp(c50, low, high), lanes);
        }
    }
}
