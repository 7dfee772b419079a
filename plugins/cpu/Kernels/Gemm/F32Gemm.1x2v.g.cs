// Written by F32GemmGenerator; do not edit.
using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class F32Gemm<TSimd, V>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1x2(TileArguments* t)
    {
        var b0 = t->B;
        var b1 = b0 + t->BPanel;
        var bStep = t->BStep;
        V c00, c01;
        if (t->Bias != null)
        {
            c00 = TSimd.Load(t->Bias);
            c01 = TSimd.Load(t->Bias + TSimd.Width);
        }
        else
        {
            var c = t->C;
            c00 = TSimd.Load(c);
            c01 = TSimd.LoadPartial(c + TSimd.Width, t->LastLanes);
        }

        var rows = t->Rows;
        var length = t->SegmentLength;
        for (nint s = 0; s < t->SegmentCount; s++)
        {
            var offset = t->Offsets[s];
            var a0 = rows[0] + offset;
            for (nint k = 0; k < length; k++)
            {
                var w0 = TSimd.Load(b0);
                var w1 = TSimd.Load(b1);
                var x = TSimd.Broadcast(a0[k]);
                c00 = TSimd.MultiplyAdd(x, w0, c00);
                c01 = TSimd.MultiplyAdd(x, w1, c01);
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
        }
        else
        {
            TSimd.Store(o, TSimd.Clamp(c00, low, high));
            TSimd.StorePartial(o + TSimd.Width, TSimd.Clamp(c01, low, high), lanes);
        }
    }
}
