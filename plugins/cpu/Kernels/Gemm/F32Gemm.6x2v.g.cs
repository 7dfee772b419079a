// Written by F32GemmGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class F32Gemm<TSimd, V>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile6x2(TileArguments* t)
    {
        var b0 = t->B;
        var b1 = b0 + t->BPanel;
        var bStep = t->BStep;
        V c00, c01;
        V c10, c11;
        V c20, c21;
        V c30, c31;
        V c40, c41;
        V c50, c51;
        if (t->Bias != null)
        {
            c00 = c10 = c20 = c30 = c40 = c50 = TSimd.Load(t->Bias);
            c01 = c11 = c21 = c31 = c41 = c51 = TSimd.Load(t->Bias + TSimd.Width);
        }
        else
        {
            var c = t->C;
            c00 = TSimd.Load(c);
            c01 = TSimd.LoadPartial(c + TSimd.Width, t->LastLanes);
            c += t->CStride;
            c10 = TSimd.Load(c);
            c11 = TSimd.LoadPartial(c + TSimd.Width, t->LastLanes);
            c += t->CStride;
            c20 = TSimd.Load(c);
            c21 = TSimd.LoadPartial(c + TSimd.Width, t->LastLanes);
            c += t->CStride;
            c30 = TSimd.Load(c);
            c31 = TSimd.LoadPartial(c + TSimd.Width, t->LastLanes);
            c += t->CStride;
            c40 = TSimd.Load(c);
            c41 = TSimd.LoadPartial(c + TSimd.Width, t->LastLanes);
            c += t->CStride;
            c50 = TSimd.Load(c);
            c51 = TSimd.LoadPartial(c + TSimd.Width, t->LastLanes);
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
                var w1 = TSimd.Load(b1);
                var x = TSimd.Broadcast(a0[k]);
                c00 = TSimd.MultiplyAdd(x, w0, c00);
                c01 = TSimd.MultiplyAdd(x, w1, c01);
                x = TSimd.Broadcast(a1[k]);
                c10 = TSimd.MultiplyAdd(x, w0, c10);
                c11 = TSimd.MultiplyAdd(x, w1, c11);
                x = TSimd.Broadcast(a2[k]);
                c20 = TSimd.MultiplyAdd(x, w0, c20);
                c21 = TSimd.MultiplyAdd(x, w1, c21);
                x = TSimd.Broadcast(a3[k]);
                c30 = TSimd.MultiplyAdd(x, w0, c30);
                c31 = TSimd.MultiplyAdd(x, w1, c31);
                x = TSimd.Broadcast(a4[k]);
                c40 = TSimd.MultiplyAdd(x, w0, c40);
                c41 = TSimd.MultiplyAdd(x, w1, c41);
                x = TSimd.Broadcast(a5[k]);
                c50 = TSimd.MultiplyAdd(x, w0, c50);
                c51 = TSimd.MultiplyAdd(x, w1, c51);
                b0 += bStep;
                b1 += bStep;
            }
        }

        var low = TSimd.Broadcast(t->Min);
        var high = TSimd.Broadcast(t->Max);
        var o = t->C;
        var lanes = t->LastLanes;
        if (lanes == TSimd.Width)
        {
            TSimd.Store(o, TSimd.Clamp(c00, low, high));
            TSimd.Store(o + TSimd.Width, TSimd.Clamp(c01, low, high));
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c10, low, high));
            TSimd.Store(o + TSimd.Width, TSimd.Clamp(c11, low, high));
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c20, low, high));
            TSimd.Store(o + TSimd.Width, TSimd.Clamp(c21, low, high));
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c30, low, high));
            TSimd.Store(o + TSimd.Width, TSimd.Clamp(c31, low, high));
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c40, low, high));
            TSimd.Store(o + TSimd.Width, TSimd.Clamp(c41, low, high));
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c50, low, high));
            TSimd.Store(o + TSimd.Width, TSimd.Clamp(c51, low, high));
        }
        else
        {
            TSimd.Store(o, TSimd.Clamp(c00, low, high));
            TSimd.StorePartial(o + TSimd.Width, TSimd.Clamp(c01, low, high), lanes);
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c10, low, high));
            TSimd.StorePartial(o + TSimd.Width, TSimd.Clamp(c11, low, high), lanes);
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c20, low, high));
            TSimd.StorePartial(o + TSimd.Width, TSimd.Clamp(c21, low, high), lanes);
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c30, low, high));
            TSimd.StorePartial(o + TSimd.Width, TSimd.Clamp(c31, low, high), lanes);
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c40, low, high));
            TSimd.StorePartial(o + TSimd.Width, TSimd.Clamp(c41, low, high), lanes);
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c50, low, high));
            TSimd.StorePartial(o + TSimd.Width, TSimd.Clamp(c51, low, high), lanes);
        }
    }
}
