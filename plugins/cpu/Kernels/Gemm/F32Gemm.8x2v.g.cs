// Written by F32GemmGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class F32Gemm<TSimd, V, TWeights, E>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x2(TileArguments* t)
    {
        var b0 = (E*)t->B;
        var b1 = b0 + t->BPanel;
        var bStep = t->BStep;
        V c00, c01;
        V c10, c11;
        V c20, c21;
        V c30, c31;
        V c40, c41;
        V c50, c51;
        V c60, c61;
        V c70, c71;
        var init = t->Init;
        c00 = TSimd.Load(init);
        c01 = TSimd.Load(init + TSimd.Width);
        init += t->InitStride;
        c10 = TSimd.Load(init);
        c11 = TSimd.Load(init + TSimd.Width);
        init += t->InitStride;
        c20 = TSimd.Load(init);
        c21 = TSimd.Load(init + TSimd.Width);
        init += t->InitStride;
        c30 = TSimd.Load(init);
        c31 = TSimd.Load(init + TSimd.Width);
        init += t->InitStride;
        c40 = TSimd.Load(init);
        c41 = TSimd.Load(init + TSimd.Width);
        init += t->InitStride;
        c50 = TSimd.Load(init);
        c51 = TSimd.Load(init + TSimd.Width);
        init += t->InitStride;
        c60 = TSimd.Load(init);
        c61 = TSimd.Load(init + TSimd.Width);
        init += t->InitStride;
        c70 = TSimd.Load(init);
        c71 = TSimd.Load(init + TSimd.Width);

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
            var a7 = rows[7] + offset;
            for (nint k = 0; k < length; k++)
            {
                var v0 = TWeights.Load(b0);
                var v1 = TWeights.Load(b1);
                var x = TSimd.Broadcast(a0[k]);
                c00 = TSimd.MultiplyAdd(x, v0, c00);
                c01 = TSimd.MultiplyAdd(x, v1, c01);
                x = TSimd.Broadcast(a1[k]);
                c10 = TSimd.MultiplyAdd(x, v0, c10);
                c11 = TSimd.MultiplyAdd(x, v1, c11);
                x = TSimd.Broadcast(a2[k]);
                c20 = TSimd.MultiplyAdd(x, v0, c20);
                c21 = TSimd.MultiplyAdd(x, v1, c21);
                x = TSimd.Broadcast(a3[k]);
                c30 = TSimd.MultiplyAdd(x, v0, c30);
                c31 = TSimd.MultiplyAdd(x, v1, c31);
                x = TSimd.Broadcast(a4[k]);
                c40 = TSimd.MultiplyAdd(x, v0, c40);
                c41 = TSimd.MultiplyAdd(x, v1, c41);
                x = TSimd.Broadcast(a5[k]);
                c50 = TSimd.MultiplyAdd(x, v0, c50);
                c51 = TSimd.MultiplyAdd(x, v1, c51);
                x = TSimd.Broadcast(a6[k]);
                c60 = TSimd.MultiplyAdd(x, v0, c60);
                c61 = TSimd.MultiplyAdd(x, v1, c61);
                x = TSimd.Broadcast(a7[k]);
                c70 = TSimd.MultiplyAdd(x, v0, c70);
                c71 = TSimd.MultiplyAdd(x, v1, c71);
                b0 += bStep;
                b1 += bStep;
            }
        }

        if (t->IsBounded)
        {
            var low = TSimd.Broadcast(t->Min);
            var high = TSimd.Broadcast(t->Max);
            c00 = TSimd.Clamp(c00, low, high);
            c01 = TSimd.Clamp(c01, low, high);
            c10 = TSimd.Clamp(c10, low, high);
            c11 = TSimd.Clamp(c11, low, high);
            c20 = TSimd.Clamp(c20, low, high);
            c21 = TSimd.Clamp(c21, low, high);
            c30 = TSimd.Clamp(c30, low, high);
            c31 = TSimd.Clamp(c31, low, high);
            c40 = TSimd.Clamp(c40, low, high);
            c41 = TSimd.Clamp(c41, low, high);
            c50 = TSimd.Clamp(c50, low, high);
            c51 = TSimd.Clamp(c51, low, high);
            c60 = TSimd.Clamp(c60, low, high);
            c61 = TSimd.Clamp(c61, low, high);
            c70 = TSimd.Clamp(c70, low, high);
            c71 = TSimd.Clamp(c71, low, high);
        }

        var o = t->C;
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
        o += t->CStride;
        TSimd.Store(o, c70);

        o = t->C + TSimd.Width;
        var lanes = t->LastLanes;
        if (lanes == TSimd.Width)
        {
            TSimd.Store(o, c01);
            o += t->CStride;
            TSimd.Store(o, c11);
            o += t->CStride;
            TSimd.Store(o, c21);
            o += t->CStride;
            TSimd.Store(o, c31);
            o += t->CStride;
            TSimd.Store(o, c41);
            o += t->CStride;
            TSimd.Store(o, c51);
            o += t->CStride;
            TSimd.Store(o, c61);
            o += t->CStride;
            TSimd.Store(o, c71);
        }
        else
        {
            TSimd.StorePartial(o, c01, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, c11, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, c21, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, c31, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, c41, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, c51, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, c61, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, c71, lanes);
        }
    }
}
