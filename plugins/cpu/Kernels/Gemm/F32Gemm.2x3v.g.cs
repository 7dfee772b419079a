// Written by F32GemmGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class F32Gemm<TSimd, V>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x3(TileArguments* t)
    {
        var b0 = t->B;
        var b1 = b0 + t->BPanel;
        var b2 = b1 + t->BPanel;
        var bStep = t->BStep;
        V c00, c01, c02;
        V c10, c11, c12;
        if (t->Bias != null)
        {
            c00 = c10 = TSimd.Load(t->Bias);
            c01 = c11 = TSimd.Load(t->Bias + TSimd.Width);
            c02 = c12 = TSimd.Load(t->Bias + (2 * TSimd.Width));
        }
        else
        {
            var c = t->C;
            c00 = TSimd.Load(c);
            c01 = TSimd.Load(c + TSimd.Width);
            c02 = TSimd.LoadPartial(c + (2 * TSimd.Width), t->LastLanes);
            c += t->CStride;
            c10 = TSimd.Load(c);
            c11 = TSimd.Load(c + TSimd.Width);
            c12 = TSimd.LoadPartial(c + (2 * TSimd.Width), t->LastLanes);
        }

        var rows = t->Rows;
        var length = t->SegmentLength;
        for (nint s = 0; s < t->SegmentCount; s++)
        {
            var offset = t->Offsets[s];
            var a0 = rows[0] + offset;
            var a1 = rows[1] + offset;
            for (nint k = 0; k < length; k++)
            {
                var w0 = TSimd.Load(b0);
                var w1 = TSimd.Load(b1);
                var w2 = TSimd.Load(b2);
                var x = TSimd.Broadcast(a0[k]);
                c00 = TSimd.MultiplyAdd(x, w0, c00);
                c01 = TSimd.MultiplyAdd(x, w1, c01);
                c02 = TSimd.MultiplyAdd(x, w2, c02);
                x = TSimd.Broadcast(a1[k]);
                c10 = TSimd.MultiplyAdd(x, w0, c10);
                c11 = TSimd.MultiplyAdd(x, w1, c11);
                c12 = TSimd.MultiplyAdd(x, w2, c12);
                b0 += bStep;
                b1 += bStep;
                b2 += bStep;
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
            TSimd.Store(o + (2 * TSimd.Width), TSimd.Clamp(c02, low, high));
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c10, low, high));
            TSimd.Store(o + TSimd.Width, TSimd.Clamp(c11, low, high));
            TSimd.Store(o + (2 * TSimd.Width), TSimd.Clamp(c12, low, high));
        }
        else
        {
            TSimd.Store(o, TSimd.Clamp(c00, low, high));
            TSimd.Store(o + TSimd.Width, TSimd.Clamp(c01, low, high));
            TSimd.StorePartial(o + (2 * TSimd.Width), TSimd.Clamp(c02, low, high), lanes);
            o += t->CStride;
            TSimd.Store(o, TSimd.Clamp(c10, low, high));
            TSimd.Store(o + TSimd.Width, TSimd.Clamp(c11, low, high));
            TSimd.StorePartial(o + (2 * TSimd.Width), TSimd.Clamp(c12, low, high), lanes);
        }
    }
}
