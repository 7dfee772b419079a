using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <content>Kernel 5x5 without dilation, stride 1 or 2: four outputs along a row share each input column that they have in common.</content>
internal static unsafe partial class F32Depthwise<TSimd, V>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row5x5(DepthwiseArguments* t)
    {
        var (first, end) = Interior(t);
        if (t->Channels < TSimd.Width)
        {
            Edge(t, 0, t->OutputWidth, 0);
            return;
        }

        var rest = (end - first) % 4;
        Edge(t, 0, first, 0);
        Edge(t, end - rest, t->OutputWidth, 0);
        end -= rest;
        for (nint channel = 0; channel < t->Channels; channel += TSimd.Width)
        {
            channel = Math.Min(channel, t->Channels - TSimd.Width);
            if (t->Stride == 1)
            {
                Columns5x5Stride1(t, first, end, channel);
            }
            else
            {
                Columns5x5Stride2(t, first, end, channel);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns5x5Stride1(DepthwiseArguments* t, nint firstColumn, nint endColumn, nint channel)
    {
        var low = TSimd.Broadcast(t->Min);
        var high = TSimd.Broadcast(t->Max);
        var bias = TSimd.Load(t->Bias + channel);
        var pixel = t->PixelStride;
        var stride = t->WeightStride;
        var output = t->Output + (firstColumn * t->OutputPixelStride) + channel;
        var offset = (((firstColumn * 1) - t->PaddingLeft) * pixel) + channel;
        for (var column = firstColumn; column < endColumn; column += 4)
        {
            V a = bias, b = bias, c = bias, d = bias;
            var weights = t->Weights + channel;
            for (nint ky = 0; ky < 5; ky++)
            {
                var r = t->Rows[ky] + offset;
                var w0 = TSimd.Load(weights);
                var w1 = TSimd.Load(weights + stride);
                var w2 = TSimd.Load(weights + (2 * stride));
                var w3 = TSimd.Load(weights + (3 * stride));
                var w4 = TSimd.Load(weights + (4 * stride));
                var x = TSimd.Load(r);
                a = TSimd.MultiplyAdd(x, w0, a);
                x = TSimd.Load(r + pixel);
                a = TSimd.MultiplyAdd(x, w1, a);
                b = TSimd.MultiplyAdd(x, w0, b);
                x = TSimd.Load(r + (2 * pixel));
                a = TSimd.MultiplyAdd(x, w2, a);
                b = TSimd.MultiplyAdd(x, w1, b);
                c = TSimd.MultiplyAdd(x, w0, c);
                x = TSimd.Load(r + (3 * pixel));
                a = TSimd.MultiplyAdd(x, w3, a);
                b = TSimd.MultiplyAdd(x, w2, b);
                c = TSimd.MultiplyAdd(x, w1, c);
                d = TSimd.MultiplyAdd(x, w0, d);
                x = TSimd.Load(r + (4 * pixel));
                a = TSimd.MultiplyAdd(x, w4, a);
                b = TSimd.MultiplyAdd(x, w3, b);
                c = TSimd.MultiplyAdd(x, w2, c);
                d = TSimd.MultiplyAdd(x, w1, d);
                x = TSimd.Load(r + (5 * pixel));
                b = TSimd.MultiplyAdd(x, w4, b);
                c = TSimd.MultiplyAdd(x, w3, c);
                d = TSimd.MultiplyAdd(x, w2, d);
                x = TSimd.Load(r + (6 * pixel));
                c = TSimd.MultiplyAdd(x, w4, c);
                d = TSimd.MultiplyAdd(x, w3, d);
                x = TSimd.Load(r + (7 * pixel));
                d = TSimd.MultiplyAdd(x, w4, d);
                weights += 5 * stride;
            }

            TSimd.Store(output, TSimd.Clamp(a, low, high));
            TSimd.Store(output + t->OutputPixelStride, TSimd.Clamp(b, low, high));
            TSimd.Store(output + (2 * t->OutputPixelStride), TSimd.Clamp(c, low, high));
            TSimd.Store(output + (3 * t->OutputPixelStride), TSimd.Clamp(d, low, high));
            output += 4 * t->OutputPixelStride;
            offset += 4 * pixel;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns5x5Stride2(DepthwiseArguments* t, nint firstColumn, nint endColumn, nint channel)
    {
        var low = TSimd.Broadcast(t->Min);
        var high = TSimd.Broadcast(t->Max);
        var bias = TSimd.Load(t->Bias + channel);
        var pixel = t->PixelStride;
        var stride = t->WeightStride;
        var output = t->Output + (firstColumn * t->OutputPixelStride) + channel;
        var offset = (((firstColumn * 2) - t->PaddingLeft) * pixel) + channel;
        for (var column = firstColumn; column < endColumn; column += 4)
        {
            V a = bias, b = bias, c = bias, d = bias;
            var weights = t->Weights + channel;
            for (nint ky = 0; ky < 5; ky++)
            {
                var r = t->Rows[ky] + offset;
                var w0 = TSimd.Load(weights);
                var w1 = TSimd.Load(weights + stride);
                var w2 = TSimd.Load(weights + (2 * stride));
                var w3 = TSimd.Load(weights + (3 * stride));
                var w4 = TSimd.Load(weights + (4 * stride));
                var x = TSimd.Load(r);
                a = TSimd.MultiplyAdd(x, w0, a);
                x = TSimd.Load(r + pixel);
                a = TSimd.MultiplyAdd(x, w1, a);
                x = TSimd.Load(r + (2 * pixel));
                a = TSimd.MultiplyAdd(x, w2, a);
                b = TSimd.MultiplyAdd(x, w0, b);
                x = TSimd.Load(r + (3 * pixel));
                a = TSimd.MultiplyAdd(x, w3, a);
                b = TSimd.MultiplyAdd(x, w1, b);
                x = TSimd.Load(r + (4 * pixel));
                a = TSimd.MultiplyAdd(x, w4, a);
                b = TSimd.MultiplyAdd(x, w2, b);
                c = TSimd.MultiplyAdd(x, w0, c);
                x = TSimd.Load(r + (5 * pixel));
                b = TSimd.MultiplyAdd(x, w3, b);
                c = TSimd.MultiplyAdd(x, w1, c);
                x = TSimd.Load(r + (6 * pixel));
                b = TSimd.MultiplyAdd(x, w4, b);
                c = TSimd.MultiplyAdd(x, w2, c);
                d = TSimd.MultiplyAdd(x, w0, d);
                x = TSimd.Load(r + (7 * pixel));
                c = TSimd.MultiplyAdd(x, w3, c);
                d = TSimd.MultiplyAdd(x, w1, d);
                x = TSimd.Load(r + (8 * pixel));
                c = TSimd.MultiplyAdd(x, w4, c);
                d = TSimd.MultiplyAdd(x, w2, d);
                x = TSimd.Load(r + (9 * pixel));
                d = TSimd.MultiplyAdd(x, w3, d);
                x = TSimd.Load(r + (10 * pixel));
                d = TSimd.MultiplyAdd(x, w4, d);
                weights += 5 * stride;
            }

            TSimd.Store(output, TSimd.Clamp(a, low, high));
            TSimd.Store(output + t->OutputPixelStride, TSimd.Clamp(b, low, high));
            TSimd.Store(output + (2 * t->OutputPixelStride), TSimd.Clamp(c, low, high));
            TSimd.Store(output + (3 * t->OutputPixelStride), TSimd.Clamp(d, low, high));
            output += 4 * t->OutputPixelStride;
            offset += 8 * pixel;
        }
    }
}
