// Written by F32GemmGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class F32Gemm<TSimd, V, TWeights, E>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x1(TileArguments* t)
    {
        var b0 = (E*)t->B;
        var bStep = t->BStep;
        V c00;
        V c10;
        V c20;
        V c30;
        V d00 = TSimd.Zero;
        V d10 = TSimd.Zero;
        V d20 = TSimd.Zero;
        V d30 = TSimd.Zero;
        var init = t->Init;
        c00 = TSimd.Load(init);
        init += t->InitStride;
        c10 = TSimd.Load(init);
        init += t->InitStride;
        c20 = TSimd.Load(init);
        init += t->InitStride;
        c30 = TSimd.Load(init);

        var rows = t->Rows;
        var length = t->SegmentLength;
        for (nint s = 0; s < t->SegmentCount; s++)
        {
            var offset = t->Offsets[s];
            var a0 = rows[0] + offset;
            var a1 = rows[1] + offset;
            var a2 = rows[2] + offset;
            var a3 = rows[3] + offset;
            nint k = 0;
            for (; k + 2 <= length; k += 2)
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
                b0 += bStep;
                var w0 = TWeights.Load(b0);
                var y = TSimd.Broadcast(a0[k + 1]);
                d00 = TSimd.MultiplyAdd(y, w0, d00);
                y = TSimd.Broadcast(a1[k + 1]);
                d10 = TSimd.MultiplyAdd(y, w0, d10);
                y = TSimd.Broadcast(a2[k + 1]);
                d20 = TSimd.MultiplyAdd(y, w0, d20);
                y = TSimd.Broadcast(a3[k + 1]);
                d30 = TSimd.MultiplyAdd(y, w0, d30);
                b0 += bStep;
            }

            if (k < length)
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
                b0 += bStep;
            }
        }

        c00 = TSimd.Add(c00, d00);
        c10 = TSimd.Add(c10, d10);
        c20 = TSimd.Add(c20, d20);
        c30 = TSimd.Add(c30, d30);
        if (t->IsBounded)
        {
            var low = TSimd.Broadcast(t->Min);
            var high = TSimd.Broadcast(t->Max);
            c00 = TSimd.Clamp(c00, low, high);
            c10 = TSimd.Clamp(c10, low, high);
            c20 = TSimd.Clamp(c20, low, high);
            c30 = TSimd.Clamp(c30, low, high);
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
        }
    }
}
