using System.Runtime.CompilerServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <content>Kernel 3x3 without dilation: the nine weights of a register of channels stay in registers along the row.</content>
internal static unsafe partial class F32Depthwise<TSimd, V>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row3x3(DepthwiseArguments* t)
    {
        var (first, end) = Interior(t);
        // One column outside is the usual padding: it leaves out three of the nine weights. Anything else is rare.
        var rightColumn = (end * t->Stride) - t->PaddingLeft;
        var hasLeft = first == 1 && t->PaddingLeft == 1 && t->InputWidth >= 2;
        var hasRight = end >= first && end + 1 == t->OutputWidth && rightColumn >= 0 && rightColumn + 2 == t->InputWidth;
        if (t->Channels < TSimd.Width)
        {
            Edge(t, 0, t->OutputWidth, 0);
            return;
        }

        if (!hasLeft)
        {
            Edge(t, 0, first, 0);
        }

        if (!hasRight)
        {
            Edge(t, end, t->OutputWidth, 0);
        }

        var low = TSimd.Broadcast(t->Min);
        var high = TSimd.Broadcast(t->Max);
        var pixel = t->PixelStride;
        var step = t->Stride * pixel;
        for (nint channel = 0; channel < t->Channels; channel += TSimd.Width)
        {
            channel = Math.Min(channel, t->Channels - TSimd.Width);
            var weights = t->Weights + channel;
            var stride = t->WeightStride;
            var w00 = TSimd.Load(weights);
            var w01 = TSimd.Load(weights + stride);
            var w02 = TSimd.Load(weights + (2 * stride));
            var w10 = TSimd.Load(weights + (3 * stride));
            var w11 = TSimd.Load(weights + (4 * stride));
            var w12 = TSimd.Load(weights + (5 * stride));
            var w20 = TSimd.Load(weights + (6 * stride));
            var w21 = TSimd.Load(weights + (7 * stride));
            var w22 = TSimd.Load(weights + (8 * stride));
            var bias = TSimd.Load(t->Bias + channel);
            if (hasLeft)
            {
                var x0 = t->Rows[0] + channel;
                var x1 = t->Rows[1] + channel;
                var x2 = t->Rows[2] + channel;
                var a = TSimd.MultiplyAdd(TSimd.Load(x0), w01, bias);
                var b = TSimd.Multiply(TSimd.Load(x0 + pixel), w02);
                a = TSimd.MultiplyAdd(TSimd.Load(x1), w11, a);
                b = TSimd.MultiplyAdd(TSimd.Load(x1 + pixel), w12, b);
                a = TSimd.MultiplyAdd(TSimd.Load(x2), w21, a);
                b = TSimd.MultiplyAdd(TSimd.Load(x2 + pixel), w22, b);
                TSimd.Store(t->Output + channel, TSimd.Clamp(TSimd.Add(a, b), low, high));
            }

            if (hasRight)
            {
                var start = (rightColumn * pixel) + channel;
                var x0 = t->Rows[0] + start;
                var x1 = t->Rows[1] + start;
                var x2 = t->Rows[2] + start;
                var a = TSimd.MultiplyAdd(TSimd.Load(x0), w00, bias);
                var b = TSimd.Multiply(TSimd.Load(x0 + pixel), w01);
                a = TSimd.MultiplyAdd(TSimd.Load(x1), w10, a);
                b = TSimd.MultiplyAdd(TSimd.Load(x1 + pixel), w11, b);
                a = TSimd.MultiplyAdd(TSimd.Load(x2), w20, a);
                b = TSimd.MultiplyAdd(TSimd.Load(x2 + pixel), w21, b);
                TSimd.Store(t->Output + (end * t->OutputPixelStride) + channel, TSimd.Clamp(TSimd.Add(a, b), low, high));
            }

            var offset = (((first * t->Stride) - t->PaddingLeft) * pixel) + channel;
            var r0 = t->Rows[0] + offset;
            var r1 = t->Rows[1] + offset;
            var r2 = t->Rows[2] + offset;
            var output = t->Output + (first * t->OutputPixelStride) + channel;
            var column = first;
            if (t->Stride == 1)
            {
                // Two outputs share four input columns.
                for (; column + 2 <= end; column += 2)
                {
                    var x = TSimd.Load(r0);
                    var y = TSimd.Load(r1);
                    var z = TSimd.Load(r2);
                    var a = TSimd.MultiplyAdd(x, w00, bias);
                    var a1 = TSimd.Multiply(y, w10);
                    a = TSimd.MultiplyAdd(z, w20, a);
                    x = TSimd.Load(r0 + pixel);
                    y = TSimd.Load(r1 + pixel);
                    z = TSimd.Load(r2 + pixel);
                    a1 = TSimd.MultiplyAdd(x, w01, a1);
                    var b = TSimd.MultiplyAdd(x, w00, bias);
                    a = TSimd.MultiplyAdd(y, w11, a);
                    var b1 = TSimd.Multiply(y, w10);
                    a1 = TSimd.MultiplyAdd(z, w21, a1);
                    b = TSimd.MultiplyAdd(z, w20, b);
                    x = TSimd.Load(r0 + (2 * pixel));
                    y = TSimd.Load(r1 + (2 * pixel));
                    z = TSimd.Load(r2 + (2 * pixel));
                    a = TSimd.MultiplyAdd(x, w02, a);
                    b1 = TSimd.MultiplyAdd(x, w01, b1);
                    a1 = TSimd.MultiplyAdd(y, w12, a1);
                    b = TSimd.MultiplyAdd(y, w11, b);
                    a = TSimd.MultiplyAdd(z, w22, a);
                    b1 = TSimd.MultiplyAdd(z, w21, b1);
                    x = TSimd.Load(r0 + (3 * pixel));
                    y = TSimd.Load(r1 + (3 * pixel));
                    z = TSimd.Load(r2 + (3 * pixel));
                    b = TSimd.MultiplyAdd(x, w02, b);
                    b1 = TSimd.MultiplyAdd(y, w12, b1);
                    b = TSimd.MultiplyAdd(z, w22, b);
                    TSimd.Store(output, TSimd.Clamp(TSimd.Add(a, a1), low, high));
                    TSimd.Store(output + t->OutputPixelStride, TSimd.Clamp(TSimd.Add(b, b1), low, high));
                    r0 += 2 * pixel;
                    r1 += 2 * pixel;
                    r2 += 2 * pixel;
                    output += 2 * t->OutputPixelStride;
                }
            }

            else if (t->Stride == 2)
            {
                // Two outputs share the third of five input columns.
                for (; column + 2 <= end; column += 2)
                {
                    var a = TSimd.MultiplyAdd(TSimd.Load(r0), w00, bias);
                    var a1 = TSimd.Multiply(TSimd.Load(r1), w10);
                    var b = TSimd.MultiplyAdd(TSimd.Load(r2 + (3 * pixel)), w21, bias);
                    var b1 = TSimd.Multiply(TSimd.Load(r1 + (3 * pixel)), w11);
                    a = TSimd.MultiplyAdd(TSimd.Load(r2), w20, a);
                    a1 = TSimd.MultiplyAdd(TSimd.Load(r0 + pixel), w01, a1);
                    b = TSimd.MultiplyAdd(TSimd.Load(r0 + (3 * pixel)), w01, b);
                    b1 = TSimd.MultiplyAdd(TSimd.Load(r0 + (4 * pixel)), w02, b1);
                    a = TSimd.MultiplyAdd(TSimd.Load(r1 + pixel), w11, a);
                    a1 = TSimd.MultiplyAdd(TSimd.Load(r2 + pixel), w21, a1);
                    b = TSimd.MultiplyAdd(TSimd.Load(r1 + (4 * pixel)), w12, b);
                    b1 = TSimd.MultiplyAdd(TSimd.Load(r2 + (4 * pixel)), w22, b1);
                    var x = TSimd.Load(r0 + (2 * pixel));
                    var y = TSimd.Load(r1 + (2 * pixel));
                    var z = TSimd.Load(r2 + (2 * pixel));
                    a = TSimd.MultiplyAdd(x, w02, a);
                    b = TSimd.MultiplyAdd(x, w00, b);
                    a1 = TSimd.MultiplyAdd(y, w12, a1);
                    b1 = TSimd.MultiplyAdd(y, w10, b1);
                    a = TSimd.MultiplyAdd(z, w22, a);
                    b = TSimd.MultiplyAdd(z, w20, b);
                    TSimd.Store(output, TSimd.Clamp(TSimd.Add(a, a1), low, high));
                    TSimd.Store(output + t->OutputPixelStride, TSimd.Clamp(TSimd.Add(b, b1), low, high));
                    r0 += 4 * pixel;
                    r1 += 4 * pixel;
                    r2 += 4 * pixel;
                    output += 2 * t->OutputPixelStride;
                }
            }

            for (; column < end; column++)
            {
                var a = TSimd.MultiplyAdd(TSimd.Load(r0), w00, bias);
                var b = TSimd.Multiply(TSimd.Load(r1), w10);
                var c = TSimd.Multiply(TSimd.Load(r2), w20);
                a = TSimd.MultiplyAdd(TSimd.Load(r0 + pixel), w01, a);
                b = TSimd.MultiplyAdd(TSimd.Load(r1 + pixel), w11, b);
                c = TSimd.MultiplyAdd(TSimd.Load(r2 + pixel), w21, c);
                a = TSimd.MultiplyAdd(TSimd.Load(r0 + (2 * pixel)), w02, a);
                b = TSimd.MultiplyAdd(TSimd.Load(r1 + (2 * pixel)), w12, b);
                c = TSimd.MultiplyAdd(TSimd.Load(r2 + (2 * pixel)), w22, c);
                TSimd.Store(output, TSimd.Clamp(TSimd.Add(a, TSimd.Add(b, c)), low, high));
                r0 += step;
                r1 += step;
                r2 += step;
                output += t->OutputPixelStride;
            }
        }
    }
}
