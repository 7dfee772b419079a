// Written by F32GemmGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class F32Gemm<TSimd, V, TWeights, E>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x1(TileArguments* t)
    {
        var b0 = (E*)t->B;
        var bStep = t->BStep;
        var ahead = Math.Max(PrefetchBytes / sizeof(E), PrefetchSteps * bStep);
        V c00;
        V d00 = TSimd.Zero;
        V e00 = TSimd.Zero;
        V f00 = TSimd.Zero;
        var init = t->Init;
        c00 = TSimd.Load(init);

        var rows = t->Rows;
        var length = t->SegmentLength;
        for (nint s = 0; s < t->SegmentCount; s++)
        {
            var offset = t->Offsets[s];
            var a0 = rows[0] + offset;
            nint k = 0;
            for (; k + 4 <= length; k += 4)
            {
                var v0 = TWeights.Load(b0);
                TSimd.Prefetch((float*)(b0 + ahead));
                var x = TSimd.Broadcast(a0[k]);
                c00 = TSimd.MultiplyAdd(x, v0, c00);
                b0 += bStep;
                var w0 = TWeights.Load(b0);
                TSimd.Prefetch((float*)(b0 + ahead));
                var y = TSimd.Broadcast(a0[k + 1]);
                d00 = TSimd.MultiplyAdd(y, w0, d00);
                b0 += bStep;
                var p0 = TWeights.Load(b0);
                TSimd.Prefetch((float*)(b0 + ahead));
                var z = TSimd.Broadcast(a0[k + 2]);
                e00 = TSimd.MultiplyAdd(z, p0, e00);
                b0 += bStep;
                var q0 = TWeights.Load(b0);
                TSimd.Prefetch((float*)(b0 + ahead));
                var u = TSimd.Broadcast(a0[k + 3]);
                f00 = TSimd.MultiplyAdd(u, q0, f00);
                b0 += bStep;
            }

            for (; k < length; k++)
            {
                var v0 = TWeights.Load(b0);
                TSimd.Prefetch((float*)(b0 + ahead));
                var x = TSimd.Broadcast(a0[k]);
                c00 = TSimd.MultiplyAdd(x, v0, c00);
                b0 += bStep;
            }
        }

        c00 = TSimd.Add(c00, d00);
        c00 = TSimd.Add(c00, e00);
        c00 = TSimd.Add(c00, f00);
        if (t->IsBounded)
        {
            var low = TSimd.Broadcast(t->Min);
            var high = TSimd.Broadcast(t->Max);
            c00 = TSimd.Clamp(c00, low, high);
        }

        var o = t->C;

        o = t->C;
        var lanes = t->LastLanes;
        if (lanes == TSimd.Width)
        {
            TSimd.Store(o, c00);
        }
        else
        {
            TSimd.StorePartial(o, c00, lanes);
        }
    }
}
