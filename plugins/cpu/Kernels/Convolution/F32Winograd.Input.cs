using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <content>Inputs: transposed(B) * d * B, with rows of transposed(B) d0 - d2, d1 + d2, d2 - d1, d1 - d3.</content>
internal static unsafe partial class F32Winograd<TSimd, V>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input(WinogradInputArguments* t)
    {
        nint channel = 0;
        for (; channel + TSimd.Width <= t->Channels; channel += TSimd.Width)
        {
            Input(t, channel, TSimd.Width, false);
        }

        if (channel < t->Channels)
        {
            Input(t, channel, t->Channels - channel, true);
        }
    }

    // Neighbours share two of their four columns.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Input(WinogradInputArguments* t, nint channel, nint lanes, bool isPartial)
    {
        var row = t->RowStride;
        var pixel = t->PixelStride;
        var source = t->Source + channel;
        var destination = t->Destination + channel;
        var position = t->PositionStride;

        var d0 = Load(source, lanes, isPartial);
        var d1 = Load(source + row, lanes, isPartial);
        var d2 = Load(source + (2 * row), lanes, isPartial);
        var d3 = Load(source + (3 * row), lanes, isPartial);
        var a0 = TSimd.Subtract(d0, d2);
        var b0 = TSimd.Add(d1, d2);
        var c0 = TSimd.Subtract(d2, d1);
        var e0 = TSimd.Subtract(d1, d3);
        source += pixel;
        d0 = Load(source, lanes, isPartial);
        d1 = Load(source + row, lanes, isPartial);
        d2 = Load(source + (2 * row), lanes, isPartial);
        d3 = Load(source + (3 * row), lanes, isPartial);
        var a1 = TSimd.Subtract(d0, d2);
        var b1 = TSimd.Add(d1, d2);
        var c1 = TSimd.Subtract(d2, d1);
        var e1 = TSimd.Subtract(d1, d3);
        source += pixel;
        for (nint tile = 0; tile < t->Tiles; tile++)
        {
            d0 = Load(source, lanes, isPartial);
            d1 = Load(source + row, lanes, isPartial);
            d2 = Load(source + (2 * row), lanes, isPartial);
            d3 = Load(source + (3 * row), lanes, isPartial);
            var a2 = TSimd.Subtract(d0, d2);
            var b2 = TSimd.Add(d1, d2);
            var c2 = TSimd.Subtract(d2, d1);
            var e2 = TSimd.Subtract(d1, d3);
            source += pixel;
            d0 = Load(source, lanes, isPartial);
            d1 = Load(source + row, lanes, isPartial);
            d2 = Load(source + (2 * row), lanes, isPartial);
            d3 = Load(source + (3 * row), lanes, isPartial);
            var a3 = TSimd.Subtract(d0, d2);
            var b3 = TSimd.Add(d1, d2);
            var c3 = TSimd.Subtract(d2, d1);
            var e3 = TSimd.Subtract(d1, d3);
            source += pixel;
            var o = destination;
            TSimd.Store(o, TSimd.Subtract(a0, a2));
            TSimd.Store(o + position, TSimd.Add(a1, a2));
            TSimd.Store(o + (2 * position), TSimd.Subtract(a2, a1));
            TSimd.Store(o + (3 * position), TSimd.Subtract(a1, a3));
            o += 4 * position;
            TSimd.Store(o, TSimd.Subtract(b0, b2));
            TSimd.Store(o + position, TSimd.Add(b1, b2));
            TSimd.Store(o + (2 * position), TSimd.Subtract(b2, b1));
            TSimd.Store(o + (3 * position), TSimd.Subtract(b1, b3));
            o += 4 * position;
            TSimd.Store(o, TSimd.Subtract(c0, c2));
            TSimd.Store(o + position, TSimd.Add(c1, c2));
            TSimd.Store(o + (2 * position), TSimd.Subtract(c2, c1));
            TSimd.Store(o + (3 * position), TSimd.Subtract(c1, c3));
            o += 4 * position;
            TSimd.Store(o, TSimd.Subtract(e0, e2));
            TSimd.Store(o + position, TSimd.Add(e1, e2));
            TSimd.Store(o + (2 * position), TSimd.Subtract(e2, e1));
            TSimd.Store(o + (3 * position), TSimd.Subtract(e1, e3));
            a0 = a2;
            a1 = a3;
            b0 = b2;
            b1 = b3;
            c0 = c2;
            c1 = c3;
            e0 = e2;
            e1 = e3;
            destination += t->TileStride;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Load(float* source, nint lanes, bool isPartial) => isPartial ? TSimd.LoadPartial(source, lanes) : TSimd.Load(source);
}
