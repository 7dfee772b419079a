// Written by F32GemmGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class F32Gemm<TSimd, V, TWeights, E>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile3x4(TileArguments* t)
    {
        var b0 = (E*)t->B;
        var b1 = b0 + t->BPanel;
        var b2 = b1 + t->BPanel;
        var b3 = b2 + t->BPanel;
        var bStep = t->BStep;
        V c00, c01, c02, c03;
        V c10, c11, c12, c13;
        V c20, c21, c22, c23;
        var init = t->Init;
        c00 = TSimd.Load(init);
        c01 = TSimd.Load(init + TSimd.Width);
        c02 = TSimd.Load(init + (2 * TSimd.Width));
        c03 = TSimd.Load(init + (3 * TSimd.Width));
        init += t->InitStride;
        c10 = TSimd.Load(init);
        c11 = TSimd.Load(init + TSimd.Width);
        c12 = TSimd.Load(init + (2 * TSimd.Width));
        c13 = TSimd.Load(init + (3 * TSimd.Width));
        init += t->InitStride;
        c20 = TSimd.Load(init);
        c21 = TSimd.Load(init + TSimd.Width);
        c22 = TSimd.Load(init + (2 * TSimd.Width));
        c23 = TSimd.Load(init + (3 * TSimd.Width));

        var rows = t->Rows;
        var length = t->SegmentLength;
        for (nint s = 0; s < t->SegmentCount; s++)
        {
            var offset = t->Offsets[s];
            var a0 = rows[0] + offset;
            var a1 = rows[1] + offset;
            var a2 = rows[2] + offset;
            for (nint k = 0; k < length; k++)
            {
                var v0 = TWeights.Load(b0);
                var v1 = TWeights.Load(b1);
                var v2 = TWeights.Load(b2);
                var v3 = TWeights.Load(b3);
                var x = TSimd.Broadcast(a0[k]);
                c00 = TSimd.MultiplyAdd(x, v0, c00);
                c01 = TSimd.MultiplyAdd(x, v1, c01);
                c02 = TSimd.MultiplyAdd(x, v2, c02);
                c03 = TSimd.MultiplyAdd(x, v3, c03);
                x = TSimd.Broadcast(a1[k]);
                c10 = TSimd.MultiplyAdd(x, v0, c10);
                c11 = TSimd.MultiplyAdd(x, v1, c11);
                c12 = TSimd.MultiplyAdd(x, v2, c12);
                c13 = TSimd.MultiplyAdd(x, v3, c13);
                x = TSimd.Broadcast(a2[k]);
                c20 = TSimd.MultiplyAdd(x, v0, c20);
                c21 = TSimd.MultiplyAdd(x, v1, c21);
                c22 = TSimd.MultiplyAdd(x, v2, c22);
                c23 = TSimd.MultiplyAdd(x, v3, c23);
                b0 += bStep;
                b1 += bStep;
                b2 += bStep;
                b3 += bStep;
            }
        }

        if (t->IsBounded)
        {
            var low = TSimd.Broadcast(t->Min);
            var high = TSimd.Broadcast(t->Max);
            c00 = TSimd.Clamp(c00, low, high);
            c01 = TSimd.Clamp(c01, low, high);
            c02 = TSimd.Clamp(c02, low, high);
            c03 = TSimd.Clamp(c03, low, high);
            c10 = TSimd.Clamp(c10, low, high);
            c11 = TSimd.Clamp(c11, low, high);
            c12 = TSimd.Clamp(c12, low, high);
            c13 = TSimd.Clamp(c13, low, high);
            c20 = TSimd.Clamp(c20, low, high);
            c21 = TSimd.Clamp(c21, low, high);
            c22 = TSimd.Clamp(c22, low, high);
            c23 = TSimd.Clamp(c23, low, high);
        }

        var o = t->C;
        TSimd.Store(o, c00);
        TSimd.Store(o + TSimd.Width, c01);
        TSimd.Store(o + (2 * TSimd.Width), c02);
        o += t->CStride;
        TSimd.Store(o, c10);
        TSimd.Store(o + TSimd.Width, c11);
        TSimd.Store(o + (2 * TSimd.Width), c12);
        o += t->CStride;
        TSimd.Store(o, c20);
        TSimd.Store(o + TSimd.Width, c21);
        TSimd.Store(o + (2 * TSimd.Width), c22);

        o = t->C + (3 * TSimd.Width);
        var lanes = t->LastLanes;
        if (lanes == TSimd.Width)
        {
            TSimd.Store(o, c03);
            o += t->CStride;
            TSimd.Store(o, c13);
            o += t->CStride;
            TSimd.Store(o, c23);
        }
        else
        {
            TSimd.StorePartial(o, c03, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, c13, lanes);
            o += t->CStride;
            TSimd.StorePartial(o, c23, lanes);
        }
    }
}
