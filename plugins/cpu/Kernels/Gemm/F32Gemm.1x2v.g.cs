// Written by F32GemmGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class F32Gemm<TSimd, V, TWeights, E>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x2(TileArguments* t)
    {
        var b0 = (E*)t->B;
        var b1 = b0 + t->BPanel;
        var bStep = t->BStep;
        var ahead = Math.Max(PrefetchBytes / sizeof(E), PrefetchSteps * bStep);
        V c00, c01;
        V d00 = TSimd.Zero, d01 = TSimd.Zero;
        var init = t->Init;
        c00 = TSimd.Load(init);
        c01 = TSimd.Load(init + TSimd.Width);

        var rows = t->Rows;
        var length = t->SegmentLength;
        for (nint s = 0; s < t->SegmentCount; s++)
        {
            var offset = t->Offsets[s];
            var a0 = rows[0] + offset;
            nint k = 0;
            for (; k + 2 <= length; k += 2)
            {
                var v0 = TWeights.Load(b0);
                var v1 = TWeights.Load(b1);
                TSimd.Prefetch((float*)(b0 + ahead));
                TSimd.Prefetch((float*)(b1 + ahead));
                var x = TSimd.Broadcast(a0[k]);
                c00 = TSimd.MultiplyAdd(x, v0, c00);
                c01 = TSimd.MultiplyAdd(x, v1, c01);
                b0 += bStep;
                b1 += bStep;
                var w0 = TWeights.Load(b0);
                var w1 = TWeights.Load(b1);
                TSimd.Prefetch((float*)(b0 + ahead));
                TSimd.Prefetch((float*)(b1 + ahead));
                var y = TSimd.Broadcast(a0[k + 1]);
                d00 = TSimd.MultiplyAdd(y, w0, d00);
                d01 = TSimd.MultiplyAdd(y, w1, d01);
                b0 += bStep;
                b1 += bStep;
            }

            if (k < length)
            {
                var v0 = TWeights.Load(b0);
                var v1 = TWeights.Load(b1);
                TSimd.Prefetch((float*)(b0 + ahead));
                TSimd.Prefetch((float*)(b1 + ahead));
                var x = TSimd.Broadcast(a0[k]);
                c00 = TSimd.MultiplyAdd(x, v0, c00);
                c01 = TSimd.MultiplyAdd(x, v1, c01);
                b0 += bStep;
                b1 += bStep;
            }
        }

        c00 = TSimd.Add(c00, d00);
        c01 = TSimd.Add(c01, d01);
        if (t->IsBounded)
        {
            var low = TSimd.Broadcast(t->Min);
            var high = TSimd.Broadcast(t->Max);
            c00 = TSimd.Clamp(c00, low, high);
            c01 = TSimd.Clamp(c01, low, high);
        }

        var o = t->C;
        TSimd.Store(o, c00);

        o = t->C + TSimd.Width;
        var lanes = t->LastLanes;
        if (lanes == TSimd.Width)
        {
            TSimd.Store(o, c01);
        }
        else
        {
            TSimd.StorePartial(o, c01, lanes);
        }
    }
}
