using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <content>Outputs: transposed(A) * m * A, with rows of transposed(A) m0 + m1 + m2, m1 - m2 - m3; a bias lies in the products at position (1, 1).</content>
internal static unsafe partial class F32Winograd<TSimd, V>
{
    // Beyond 2^20 a sum times this overflows.
    private const float Overflow = 3.245186e32f;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Output(WinogradOutputArguments* t)
    {
        var low = TSimd.Broadcast(t->Min);
        var high = TSimd.Broadcast(t->Max);
        var overflow = TSimd.Broadcast(Overflow);
        var position = t->PositionStride;
        var channels = t->Channels;
        for (nint tile = 0; tile < t->Tiles; tile++)
        {
            var hasColumn = t->HasLastColumn || tile + 1 < t->Tiles;
            var o00 = t->Destination + (2 * tile * t->PixelStride);
            var o01 = hasColumn ? o00 + t->PixelStride : t->Outside;
            var o10 = t->HasSecondRow ? o00 + t->RowStride : t->Outside;
            var o11 = hasColumn && t->HasSecondRow ? o10 + t->PixelStride : t->Outside;
            var source = t->Source + (tile * t->TileStride);
            var flags = TSimd.Zero;
            for (nint channel = 0; channel < channels; channel += TSimd.Width)
            {
                var m = source + channel;
                var m00 = TSimd.Load(m);
                var m01 = TSimd.Load(m + position);
                var m02 = TSimd.Load(m + (2 * position));
                var m03 = TSimd.Load(m + (3 * position));
                m += 4 * position;
                var m10 = TSimd.Load(m);
                var m11 = TSimd.Load(m + position);
                var m12 = TSimd.Load(m + (2 * position));
                var m13 = TSimd.Load(m + (3 * position));
                m += 4 * position;
                var m20 = TSimd.Load(m);
                var m21 = TSimd.Load(m + position);
                var m22 = TSimd.Load(m + (2 * position));
                var m23 = TSimd.Load(m + (3 * position));
                m += 4 * position;
                var m30 = TSimd.Load(m);
                var m31 = TSimd.Load(m + position);
                var m32 = TSimd.Load(m + (2 * position));
                var m33 = TSimd.Load(m + (3 * position));
                var p0 = TSimd.Add(TSimd.Add(m00, m10), m20);
                var q0 = TSimd.Subtract(TSimd.Subtract(m10, m20), m30);
                var p1 = TSimd.Add(TSimd.Add(m01, m11), m21);
                var q1 = TSimd.Subtract(TSimd.Subtract(m11, m21), m31);
                var p2 = TSimd.Add(TSimd.Add(m02, m12), m22);
                var q2 = TSimd.Subtract(TSimd.Subtract(m12, m22), m32);
                var p3 = TSimd.Add(TSimd.Add(m03, m13), m23);
                var q3 = TSimd.Subtract(TSimd.Subtract(m13, m23), m33);
                var y00 = TSimd.Add(TSimd.Add(p0, p1), p2);
                var y01 = TSimd.Subtract(TSimd.Subtract(p1, p2), p3);
                var y10 = TSimd.Add(TSimd.Add(q0, q1), q2);
                var y11 = TSimd.Subtract(TSimd.Subtract(q1, q2), q3);
                var large = TSimd.MultiplyAdd(y01, overflow, TSimd.Multiply(y00, overflow));
                var large2 = TSimd.MultiplyAdd(y11, overflow, TSimd.Multiply(y10, overflow));
                flags = TSimd.MultiplyAdd(large, TSimd.Zero, flags);
                flags = TSimd.MultiplyAdd(large2, TSimd.Zero, flags);
                y00 = TSimd.Clamp(y00, low, high);
                y01 = TSimd.Clamp(y01, low, high);
                y10 = TSimd.Clamp(y10, low, high);
                y11 = TSimd.Clamp(y11, low, high);
                var lanes = channels - channel;
                if (lanes >= TSimd.Width)
                {
                    TSimd.Store(o00 + channel, y00);
                    TSimd.Store(o01 + channel, y01);
                    TSimd.Store(o10 + channel, y10);
                    TSimd.Store(o11 + channel, y11);
                }
                else
                {
                    TSimd.StorePartial(o00 + channel, y00, lanes);
                    TSimd.StorePartial(o01 + channel, y01, lanes);
                    TSimd.StorePartial(o10 + channel, y10, lanes);
                    TSimd.StorePartial(o11 + channel, y11, lanes);
                }
            }

            t->Flags[tile] = TSimd.Sum(flags);
        }
    }
}
