using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <content>Filters: G * g * transposed(G), with rows of G g0, (g0 + g1 + g2) / 2, (g0 - g1 + g2) / 2, g2.</content>
internal static unsafe partial class F32Winograd<TSimd, V>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Filter<TWeights, E>(WinogradFilterArguments* t)
        where TWeights : struct, IWeights<V, E>
        where E : unmanaged
    {
        var half = TSimd.Broadcast(0.5f);
        var element = t->ElementStride;
        var position = t->PositionStride;
        var source = (E*)t->Source;
        var destination = t->Destination;
        for (nint channel = 0; channel < t->Channels; channel++)
        {
            var g = source;
            var g00 = TWeights.Load(g);
            var g10 = TWeights.Load(g + (3 * element));
            var g20 = TWeights.Load(g + (6 * element));
            var g01 = TWeights.Load(g + element);
            var g11 = TWeights.Load(g + (4 * element));
            var g21 = TWeights.Load(g + (7 * element));
            var g02 = TWeights.Load(g + (2 * element));
            var g12 = TWeights.Load(g + (5 * element));
            var g22 = TWeights.Load(g + (8 * element));
            var s0 = TSimd.Multiply(TSimd.Add(g00, g20), half);
            var b0 = TSimd.MultiplyAdd(g10, half, s0);
            var c0 = TSimd.Subtract(s0, TSimd.Multiply(g10, half));
            var s1 = TSimd.Multiply(TSimd.Add(g01, g21), half);
            var b1 = TSimd.MultiplyAdd(g11, half, s1);
            var c1 = TSimd.Subtract(s1, TSimd.Multiply(g11, half));
            var s2 = TSimd.Multiply(TSimd.Add(g02, g22), half);
            var b2 = TSimd.MultiplyAdd(g12, half, s2);
            var c2 = TSimd.Subtract(s2, TSimd.Multiply(g12, half));
            var o = destination;
            var h0 = TSimd.Multiply(TSimd.Add(g00, g02), half);
            var m0 = TSimd.Multiply(g01, half);
            TSimd.Store(o, g00);
            TSimd.Store(o + position, TSimd.Add(h0, m0));
            TSimd.Store(o + (2 * position), TSimd.Subtract(h0, m0));
            TSimd.Store(o + (3 * position), g02);
            o += 4 * position;
            var h1 = TSimd.Multiply(TSimd.Add(b0, b2), half);
            var m1 = TSimd.Multiply(b1, half);
            TSimd.Store(o, b0);
            TSimd.Store(o + position, TSimd.Add(h1, m1));
            TSimd.Store(o + (2 * position), TSimd.Subtract(h1, m1));
            TSimd.Store(o + (3 * position), b2);
            o += 4 * position;
            var h2 = TSimd.Multiply(TSimd.Add(c0, c2), half);
            var m2 = TSimd.Multiply(c1, half);
            TSimd.Store(o, c0);
            TSimd.Store(o + position, TSimd.Add(h2, m2));
            TSimd.Store(o + (2 * position), TSimd.Subtract(h2, m2));
            TSimd.Store(o + (3 * position), c2);
            o += 4 * position;
            var h3 = TSimd.Multiply(TSimd.Add(g20, g22), half);
            var m3 = TSimd.Multiply(g21, half);
            TSimd.Store(o, g20);
            TSimd.Store(o + position, TSimd.Add(h3, m3));
            TSimd.Store(o + (2 * position), TSimd.Subtract(h3, m3));
            TSimd.Store(o + (3 * position), g22);
            source += TSimd.Width;
            destination += TSimd.Width;
        }
    }
}
