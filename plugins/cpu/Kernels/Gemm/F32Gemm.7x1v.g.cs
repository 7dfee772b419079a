// Written by F32GemmGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class F32Gemm<TSimd, V, TWeights, E>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile7x1(TileArguments* t)
    {
        var b0 = (E*)t->B;
        var bStep = t->BStep;
        V c00;
        V c10;
        V c20;
        V c30;
        V c40;
        V c50;
        V c60;
        var init = t->Init;
        c00 = TSimd.Load(init);
        init += t->InitStride;
        c10 = TSimd.Load(init);
        init += t->InitStride;
        c20 = TSimd.Load(init);
        init += t->InitStride;
        c30 = TSimd.Load(init);
        init += t->InitStride;
        c40 = TSimd.Load(init);
        init += t->InitStride;
        c50 = TSimd.Load(init);
        init += t->InitStride;
        c60 = TSimd.Load(init);

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
            var a6 = rows[6] + offset;
            for (nint k = 0; k < length; k++)
            {
                var v0 = TWeights.Load(b0);
                var x = TSimd.Broadcast(a0[k]);
                c00 = TSimd.MultiplyAdd(x, v0, c00);
                x = TSimd.Broadcast(a1[k]);
                c10 = TSimd.MultiplyAdd(x, v0, c10);
                x = TSimd.Broadcast(a2[k]);
                c20 = TSimd.MultiplyAdd(x, v0, c20);
                x = TSimd.Broadcast(a3[k]);
                c30 = TSimd.MultiplyAdd(x, v0, c30);
                x = TSimd.Broadcast(a4[k]);
                c40 = TSimd.MultiplyAdd(x, v0, c40);
                x = TSimd.Broadcast(a5[k]);
                c50 = TSimd.MultiplyAdd(x, v0, c50);
                x = TSimd.Broadcast(a6[k]);
                c60 = TSimd.MultiplyAdd(x, v0, c60);
                b0 += bStep;
            }
        }

        if (t->IsBounded)
        {
            var low = TSimd.Broadcast(t->Min);
            var high = TSimd.Broadcast(t->Max);
            c00 = TSimd.Clamp(c00, low, high);
            c10 = TSimd.Clamp(c10, low, high);
            c20 = TSimd.Clamp(c20, low, high);
            c30 = TSimd.Clamp(c30, low, high);
            c40 = TSimd.Clamp(c40, low, high);
            c50 = TSimd.Clamp(c50, low, high);
            c60 = TSimd.Clamp(c60, low, high);
        }

        var o = t->C;

        o = t->C;
        var lanes = t->LastLanes;
        if (lanes == TSimd.Width)
        {
            TSimd.Store(o, c00);
            o += t->CStride;
            TSimd.Store(o, c10);
            o += t->CStride;
            TSimd.Store(o, c20);
            o += t->CStride;
            TSimd.Store(o, c30);
            o += t->CStride;
            TSimd.Store(o, c40);
            o += t->CStride;
            TSimd.Store(o, c50);
            o += t->CStride;
            TSimd.Store(o, c60);
        }
        else
        {
            TSimd.StorePartial(o, c00, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, c10, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, c20, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, c30, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, c40, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, c50, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, c60, lanes);
        }
    }
}
